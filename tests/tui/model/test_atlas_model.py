"""What screens say of codes, and which code comes next."""

import numpy as np

from protocol.atlas import FIRST_COMPONENT, UNKNOWN
from protocol.messages.models import Atlas, Palette
from tui.model.atlas import CodeAtlas, Colours, atlas_of, colours_of

RANKS = np.array([[2, 0, 3, 1], [0, 1, 2, 3]], np.uint16)


def told() -> CodeAtlas:
    mean = np.array([[[3.0, -0.9], [0.1, 0.0], [-3.0, 1.1], [0.0, 0.0]]] * 2, np.float32)
    verdicts = np.array([[[2, -2], [0, 0], [-2, 1], [UNKNOWN, UNKNOWN]]] * 2, np.int16)
    info = Atlas(
        model="m", codec_id="c", state="ready", descriptors=["brightness", "warmth"], units=["octaves", "dB"],
        contexts=8, usage_frames=90, labels={"0:2": "thud"},
    )  # fmt: skip
    usage = np.arange(8, dtype=np.int32).reshape(2, 4)
    return atlas_of(info, [mean, mean, verdicts, usage])


def test_a_step_goes_along_the_descriptor_and_ends_at_its_ends() -> None:
    colours = colours_of(Palette(model="m", descriptor="brightness", unsure=[1], choices=["brightness"]), RANKS)
    order = [1, 3, 0, 2]
    assert [colours.step(0, code, 1) for code in order] == [3, 0, 2, 2]
    assert [colours.step(0, code, -1) for code in order] == [1, 1, 3, 0]
    assert colours.step(0, 1, 99) == 2
    assert Colours().step(0, 3, -5) == 0
    assert Colours().step(0, 3, 2) == 5
    assert colours.words == "brightness, unsure on 1"


def test_choices_go_round_by_way_of_the_first_component() -> None:
    choices = ("brightness", "warmth")
    assert Colours("brightness", RANKS, (), choices).next_choice() == "warmth"
    assert Colours("warmth", RANKS, (), choices).next_choice() == FIRST_COMPONENT
    assert Colours(FIRST_COMPONENT, RANKS, (), choices).next_choice() == "brightness"
    assert Colours(FIRST_COMPONENT, RANKS).next_choice() == ""
    assert Colours(FIRST_COMPONENT, RANKS).words == "rank on first principal component"


def test_words_say_what_a_code_does_or_that_it_is_unknown() -> None:
    atlas = told()
    assert atlas.words(0, 0) == "brighter, thinner (sure)"
    assert atlas.words(0, 1) == "average"
    assert atlas.words(0, 2) == "warmer, darker (likely)"
    assert atlas.words(0, 3) == "unknown"
    assert atlas.value(0, 0, "brightness") == "brightness +3.00 octaves"
    assert atlas.value(0, 3, "warmth") == "warmth unknown"
    assert (atlas.label(0, 2), atlas.label(1, 2), atlas.used(1, 2)) == ("thud", "", 6)


def test_without_an_atlas_labels_stay_and_nothing_else_is_said() -> None:
    atlas = atlas_of(Atlas(model="m", codec_id="c", state="absent", labels={"0:1": "hum"}), [])
    assert (atlas.words(0, 1), atlas.value(0, 1, "brightness"), atlas.used(0, 1)) == ("", "", None)
    assert atlas.label(0, 1) == "hum"

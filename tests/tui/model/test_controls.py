"""The controls of the Generate screen: stepping, typing, presets, and what is grey."""

import pytest

from protocol.engines import ENGINES, FOREIGN
from protocol.generation import OPTIONS, GenerationOptions
from protocol.messages.sounds import Sound
from tui.model.controls import BY_NAME, NAMES, Controls, gauge, value_words, why_grey
from tui.model.generating import Generating
from tui.model.sounds import batches, did_words, sound_line


def test_every_option_is_a_control_and_engines_lack_only_what_is_an_option() -> None:
    assert sorted(NAMES) == sorted(option.name for option in OPTIONS)
    assert set(FOREIGN) < set(ENGINES) and {name for names in FOREIGN.values() for name in names} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_steps_stay_within_what_the_option_accepts_and_can_come_back(name: str) -> None:
    controls = Controls()
    for by in (1, 3, 10_000_000, -10_000_000, 1):
        controls.step(name, by)
        if name in controls.values:
            assert BY_NAME[name].kind.allows(controls.values[name])
        controls.options.check()
    controls.read(name, "")
    assert controls.options == GenerationOptions()


def test_values_are_typed_and_a_length_may_be_in_bars() -> None:
    controls = Controls()
    controls.read("seconds", "2.5 s")
    assert controls.options.seconds == 2.5
    controls.read("tempo", "90bpm")
    controls.read("seconds", "2 bars")
    assert controls.options.seconds == pytest.approx(2 * 4 * 60 / 90, abs=1e-6)
    for name, text in (
        ("seconds", "-1"),
        ("creativity", "nan"),
        ("engine", "magic"),
        ("count", "0"),
        ("seconds", "1e9"),
    ):
        with pytest.raises(ValueError, match="is not"):
            controls.read(name, text)
    assert controls.options.tempo == 90.0


def test_a_locked_seed_repeats_the_newest_and_a_preset_leaves_it() -> None:
    controls = Controls({"brightness": 0.5, "count": 3}, last_seed=7)
    assert controls.options.seed is None
    controls.is_locked = True
    assert controls.options.seed == 7
    assert value_words("seed", controls) == "7 ="
    controls.take(GenerationOptions(roughness=-0.2, seconds=2.0))
    assert controls.values == {"count": 3, "roughness": -0.2, "seconds": 2.0}
    assert controls.options.seed == 7


def test_gauges_show_the_value_between_its_bounds() -> None:
    controls = Controls({"creativity": 1.0, "brightness": -1.0})
    assert gauge("creativity", controls) == "=" * 9
    assert gauge("brightness", controls) == "====|----"
    assert gauge("density", controls) == "-" * 9
    assert gauge("engine", controls) == ""


def test_a_knob_that_the_engine_does_not_have_is_grey() -> None:
    assert "no density" in why_grey("density", Controls({"engine": "neural"}), None, "")
    assert why_grey("density", Controls(), None, "events") == ""


def test_the_state_survives_a_restart_and_nonsense_in_it_is_skipped() -> None:
    generating = Generating("rain", hears=False)
    generating.controls_of("rain").put("brightness", 0.3)
    again = Generating()
    again.restore(generating.state())
    assert (again.model, again.hears, again.controls_of("rain").values) == ("rain", False, {"brightness": 0.3})
    again.restore({"model": 3, "controls": {"rain": {"brightness": "loud", "colour": 1}, "x": 5}, "hears": "?"})
    assert again.controls_of("rain").values == {"brightness": 0.3}


def made(batch: str, name: str, rank: float = 0.75) -> Sound:
    return Sound(
        model="rain",
        batch=batch,
        name=name,
        audio=f"/h/{name}.wav",
        strand=f"/h/{name}.alle",
        seconds=4.0,
        samples=192_000,
        seed=1,
        engine="events",
        descriptors={"brightness_rank": rank, "onsets": 4.0},
        picture=[0, 50, 100, 50] * 16,
    )


def test_sounds_are_grouped_by_batch_and_say_what_they_have() -> None:
    sounds = [made("b", "rain-1", 0.5), made("b", "rain-2", 1.0), made("a", "rain-3")]
    assert [[one.name for one in batch] for batch in batches(sounds)] == [["rain-1", "rain-2"], ["rain-3"]]
    assert did_words("brightness", sounds[:2]) == "+0.50"
    assert did_words("density", sounds[:2]) == "4.0/s"
    assert did_words("creativity", sounds[:2]) == ""
    for columns in (38, 40, 80, 150):
        line = sound_line(1, sounds[0], columns)
        assert len(line) <= columns and "events" in line

"""Nudge as far as codes alone decide: which cells are asked about, what is refused, and what the user is told."""

from typing import Any

import numpy as np
import pytest
from msgspec import structs

from daemon.atlas.descriptors import DESCRIPTORS as DESCRIPTOR_ORDER
from daemon.atlas.descriptors import STEPS
from daemon.edits.computed import LOUDNESS_STEP_DB
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, Step, grid_of, write
from protocol.atlas import DESCRIPTORS, amount_words
from protocol.columns import gains_db
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded

META = StrandMeta(name="a", model="m", codec_id="c", codebook=16, levels=4, frames=60, samples=60 * 1024)
CODES = np.random.default_rng(1).integers(0, 16, (4, 60)).astype(np.uint16)


def grid(codes: np.ndarray = CODES, locked: frozenset[int] = frozenset()) -> Grid:
    return grid_of("a", as_encoded(META, codes), locked)


def asked(text: str, on: Grid | None = None) -> Computation:
    step = apply(parse_edit(text), on or grid(), {}, {})
    assert isinstance(step, Computation) and step.kind == "nudge"
    return step


def told(text: str, **changes: float) -> Outcome:
    """The outcome of a nudge that changes every cell, where the engine measures the given changes in steps."""
    question = asked(text)
    cells = question.inputs[0][:, question.settings["first"] : question.settings["past"]]  # pyright: ignore
    comparison = question.finish(((cells + 1) % 16).astype(np.uint16))
    assert isinstance(comparison, Computation) and (comparison.kind, comparison.needs_atlas) == ("compare", False)
    change = np.zeros((2, len(DESCRIPTORS)), np.float32)
    for name, steps in changes.items():
        change[:, list(DESCRIPTORS).index(name)] = steps, steps * (0.2 if name == "brightness" else 2.0)
    outcome = comparison.finish(change)
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("nudge brighter", "1 2 3"),
        ("nudge brighter q0", "0"),
        ("nudge brighter q0-1 @3:9", "0 1"),
        ("nudge brighter q2", "2"),
    ],
)
def test_the_body_changes_only_if_it_is_named(text: str, levels: str) -> None:
    assert asked(text).settings["levels"] == levels


def test_a_strand_of_one_level_has_nothing_but_its_body() -> None:
    assert asked("nudge brighter", grid(CODES[:1])).settings["levels"] == "0"


def test_locked_levels_are_not_proposed_and_do_not_bring_in_the_body() -> None:
    assert asked("nudge brighter", grid(locked=frozenset({2}))).settings["levels"] == "1 3"
    assert asked("nudge brighter q0-3", grid(locked=frozenset({2}))).settings["levels"] == "0 1 3"


def test_the_engine_receives_the_surroundings_and_only_the_selection_is_written() -> None:
    question = asked("nudge darker q1-2 @30:34 by=0.5")
    assert np.array_equal(question.inputs[0], CODES[:, 14:50])
    assert (question.settings["first"], question.settings["past"], question.settings["by"]) == (16, 20, 0.5)
    after = write(grid().strand, told("nudge darker q1-2 @30:34").changes[0]).codes
    assert {tuple(place) for place in np.argwhere(after != CODES)} == {(q, t) for q in (1, 2) for t in range(30, 34)}


def test_the_size_that_was_reached_is_told() -> None:
    notes = told("nudge brighter", brightness=1.04, loudness=-0.1).notes
    assert notes == ["brighter by 1.0 step: brightness ×1.16, loudness -0.2 dB"]
    (ended,) = told("nudge darker by=4", brightness=-2.2).notes
    assert ended.startswith("darker by 2.2 steps: brightness ×0.74") and "no further darker" in ended
    assert told("nudge softer q1-3", loudness=-1.0).notes == ["softer by 1.0 step: loudness -2.0 dB"]


def test_a_model_without_a_step_leaves_the_cells_and_says_so() -> None:
    question = asked("nudge brighter @3:9")
    outcome: Step = question.finish(CODES[:, 3:9].copy())
    assert isinstance(outcome, Outcome) and "nothing changed" in outcome.notes[0]
    assert np.array_equal(write(grid().strand, outcome.changes[0]).codes, CODES)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (np.zeros((4, 59), np.uint16), None),
        (np.full((4, 60), 16, np.uint16), None),
        (np.zeros((4, 60), np.uint16), np.zeros((8,), np.float32)),
    ],
)
def test_an_answer_that_does_not_fit_is_never_written(answer: np.ndarray, after: Any) -> None:
    with pytest.raises(AlleleError) as refusal:
        comparison = asked("nudge brighter").finish(answer)
        assert isinstance(comparison, Computation)
        comparison.finish(after)
    assert refusal.value.code == "E_INTERNAL"


@pytest.mark.parametrize("text", ["nudge up", "nudge brighter by=0", "nudge brighter by=x", "nudge brighter by=21"])
def test_directions_and_sizes_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        asked(text)
    assert refusal.value.code == "E_BAD_EDIT" and refusal.value.hint


def test_a_selection_that_takes_too_long_names_one_that_does_not() -> None:
    long = grid(np.zeros((1, 5000), np.uint16))
    with pytest.raises(AlleleError, match="@100:612") as refusal:
        asked("nudge brighter @100: by=8", long)
    assert refusal.value.code == "E_RANGE"
    assert asked("nudge brighter @100:612 by=8", long)


def test_amounts_are_written_in_their_units() -> None:
    assert amount_words("brightness", 0.2) == "brightness ×1.15"
    assert amount_words("loudness", -1.04) == "loudness -1.0 dB"
    assert amount_words("pitch", 0.1) == "pitch +0.10"


@pytest.mark.parametrize(("text", "db"), [("louder @3:9", 2.0), ("softer q0-3 @3:9 by=2.5", -5.0)])
def test_whole_frames_are_turned_up_and_down_exactly_without_a_model(text: str, db: float) -> None:
    outcome = apply(parse_edit(f"nudge {text}"), grid(), {}, {})
    assert isinstance(outcome, Outcome) and f"loudness {db:+.1f} dB, exactly" in outcome.notes[0]
    after = write(grid().strand, outcome.changes[0])
    assert np.array_equal(after.codes, CODES)
    assert (gains_db(after.columns) - gains_db(grid().columns)).tolist() == [0.0] * 3 + [db] * 6 + [0.0] * 51
    assert write(after, outcome.changes[0].reversed()).columns.tolist() == grid().columns.tolist()
    assert STEPS[DESCRIPTOR_ORDER.index("loudness")] == LOUDNESS_STEP_DB


def test_a_level_ends_at_what_a_strand_can_hold_and_the_note_says_so() -> None:
    quiet = grid_of("a", as_encoded(structs.replace(META, gain_db=-98.0), CODES))
    outcome = apply(parse_edit("nudge softer by=10"), quiet, {}, {})
    assert isinstance(outcome, Outcome)
    assert outcome.notes == ["softer by 1.0 step: loudness -2.0 dB, exactly; the level goes no further softer"]
    assert gains_db(write(quiet.strand, outcome.changes[0]).columns).min() == -100.0


def test_some_levels_and_locked_ones_are_nudged_by_codes() -> None:
    assert asked("nudge louder q1-3").settings["levels"] == "1 2 3"
    assert asked("nudge louder", grid(locked=frozenset({3}))).settings["levels"] == "1 2"

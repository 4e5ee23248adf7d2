"""Crop, cut, insert, silence, pause and join: what becomes of the frames, of the registers, and of other strands."""

import numpy as np
import pytest

from daemon.edits.operations import apply
from daemon.edits.registers import register_of
from daemon.edits.values import Computation, Grid, Outcome, Register, grid_of, settle, write
from protocol.arrays import Array
from protocol.columns import LEVEL, SAMPLE
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import StrandMeta, as_encoded

SILENT = np.array([[900], [901]], dtype=np.uint16)


def grid(frames: int = 10, first: int = 0, name: str = "a") -> Grid:
    codes = (first + np.arange(frames)[None] + 100 * np.arange(2)[:, None]).astype(np.uint16)
    meta = StrandMeta(name=name, model="m", codec_id="c", codebook=1024, levels=2, frames=frames, samples=1024 * frames)
    return grid_of(name, as_encoded(meta, codes))


def outcome(text: str, a: Grid, filled: dict[str, Register] | None = None, answer: Array = SILENT) -> Outcome:
    others = {"b": grid(4, first=50, name="b")}
    step = apply(parse_edit(text), a, others, filled or {})
    if isinstance(step, Computation):
        step = settle(step, {step.key: answer})
    assert isinstance(step, Outcome)
    return step


def frames(text: str, filled: dict[str, Register] | None = None) -> list[int]:
    """Level 0 after an edit of frames 0 to 9. Undoing it gives the frames back."""
    a = grid()
    (change,) = outcome(text, a, filled).changes
    whole = write(a.strand, change)
    assert all(map(np.array_equal, write(whole, change.reversed()).buffers, a.strand.buffers))
    after = whole.codes
    assert after.shape[0] == 2
    return after[0].tolist()


KEPT = {"r": register_of(grid(2, first=70), Rect(LevelRange(0, 1), FrameRange(0, 2)))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("crop @2:5", [2, 3, 4]),
        ("crop @8:", [8, 9]),
        ("crop @:", list(range(10))),
        ("cut @2:5", [0, 1, 5, 6, 7, 8, 9]),
        ("cut @1:", [0]),
        ("insert r @3:", [0, 1, 2, 70, 71, 3, 4, 5, 6, 7, 8, 9]),
        ("insert r", [70, 71, *range(10)]),
        ("insert r @10:", [*range(10), 70, 71]),
        ("silence @2:4", [0, 1, 900, 900, 4, 5, 6, 7, 8, 9]),
        ("pause 3 @2:", [0, 1, 900, 900, 900, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("pause 1 @10:", [*range(10), 900]),
        ("join b", [*range(10), 50, 51, 52, 53]),
        ("join b before=0", [50, 51, 52, 53, *range(10)]),
        ("join b before=10 take=1:3", [*range(10), 51, 52]),
    ],
)
def test_where_frames_go(text: str, expected: list[int]) -> None:
    assert frames(text, KEPT) == expected


def test_a_cut_is_kept_in_the_register_and_inserted_again() -> None:
    a = grid()
    made = outcome("cut @2:5 into=k", a)
    (change,) = made.changes
    register = made.registers["k"]
    assert register.codes[0].tolist() == [2, 3, 4] and register.codes.shape == (2, 3)
    shorter = grid_of("a", write(a.strand, change))
    (back,) = outcome("insert k @2:", shorter, {"k": register}).changes
    assert np.array_equal(write(shorter.strand, back).codes, a.codes)
    assert outcome("cut @2:5", a).registers == {}


def test_silence_may_be_for_some_levels_only() -> None:
    a = grid()
    (change,) = outcome("silence q1 @0:2", a).changes
    after = write(a.strand, change).codes
    assert after[1].tolist()[:3] == [901, 901, 102] and np.array_equal(after[0], a.codes[0])


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("crop", "E_BAD_EDIT", "crop needs a range"),
        ("cut", "E_BAD_EDIT", "cut needs a range"),
        ("silence", "E_BAD_EDIT", "silence needs a range"),
        ("cut @:", "E_RANGE", "nothing would be left"),
        ("crop q0 @1:2", "E_BAD_EDIT", "changes the length"),
        ("crop @8:12", "E_RANGE", "do not exist"),
        ("cut @0:1 into=AB", "E_BAD_EDIT", "not a register"),
        ("insert x @1:", "E_NOT_FOUND", "register x is empty"),
        ("insert h @1:", "E_RANGE", "contains q1"),
        ("pause 0 @1:", "E_BAD_EDIT", "whole number from 1"),
        ("pause 9999999 @1:", "E_BAD_EDIT", "whole number"),
        ("pause 1000000 @1:", "E_RANGE", "would have"),
        ("join b before=11", "E_BAD_EDIT", "0 to 10"),
        ("join b take=2:9", "E_RANGE", "frames 0 to 3"),
        ("join b take=x", "E_BAD_EDIT", "names no frames"),
        ("join c", "E_NOT_FOUND", "no strand"),
    ],
)
def test_refusals_say_what_is_wrong(text: str, code: str, said: str) -> None:
    half = register_of(grid(), Rect(LevelRange(1, 1), FrameRange(0, 2)))
    with pytest.raises(AlleleError, match=said) as refusal:
        outcome(text, grid(), {"h": half})
    assert refusal.value.code == code and refusal.value.hint


def test_silence_that_does_not_fit_is_not_written() -> None:
    for wrong in (SILENT[:1], SILENT.astype(np.int32), SILENT + np.uint16(1000)):
        with pytest.raises(AlleleError, match="does not fit"):
            outcome("pause 2 @1:", grid(), answer=wrong)


def test_the_change_of_a_cut_is_only_what_was_removed() -> None:
    (change,) = outcome("cut @2:5", grid()).changes
    assert change.before.shape == (2, 3) and change.after.shape == (2, 0) and change.frames == FrameRange(2, 2)


def test_silence_is_silent_and_what_is_cut_or_joined_knows_where_it_came_from() -> None:
    a = grid()
    silenced = write(a.strand, outcome("silence @2:4", a).changes[0]).columns
    assert (silenced[LEVEL, 2:4] <= -10_000).all() and (silenced[LEVEL, [1, 4]] == a.columns[LEVEL, 0]).all()
    assert write(a.strand, outcome("silence q1 @2:4", a).changes[0]).columns is a.columns, "the body sounds on"
    for text, samples in (("crop @2:5", [2, 3, 4]), ("cut @0:7", [7, 8, 9]), ("insert r @9:", [*range(9), 0, 1, 9])):
        strand = write(a.strand, outcome(text, a, KEPT).changes[0])
        assert (strand.columns[SAMPLE] // strand.meta.hop_length).tolist() == samples

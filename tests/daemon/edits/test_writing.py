"""Paint, mix and flood: which cells they write, and what they refuse."""

import numpy as np
import pytest

from daemon.edits.operations import apply
from daemon.edits.values import Grid, Register, grid_of, write
from protocol.columns import encoded_columns
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import Source, StrandMeta, as_encoded


def meta(name: str, model: str, codec: str, codebook: int) -> StrandMeta:
    """Whose codes a grid holds; an operation takes its size from the codes."""
    return StrandMeta(name=name, model=model, codec_id=codec, codebook=codebook, levels=1, frames=1, samples=1024)


def grid(frames: int = 20, *, levels: int = 3) -> Grid:
    codes = np.random.default_rng(frames).integers(0, 16, (levels, frames)).astype(np.uint16)
    return grid_of("a", as_encoded(meta("a", "m", "c", 16), codes))


def register(*rows: list[int], level: int = 0) -> dict[str, Register]:
    codes, columns = np.array(rows, np.uint16), encoded_columns(len(rows[0]), 1024, 0.0)
    return {"r": Register(codes=codes, columns=columns, recordings=[Source()], level_lo=level, model="m", codec_id="c")}


def done(text: str, a: Grid, filled: dict[str, Register] | None = None) -> tuple[np.ndarray, list[str]]:
    outcome = apply(parse_edit(text), a, {}, filled or {})
    (change,) = outcome.changes
    return write(a.strand, change).codes, outcome.notes


def test_paint_writes_along_time_and_leaves_what_is_left_out() -> None:
    a = grid()
    after, notes = done("paint 17,.,4 q1-2 @3:9".replace("17", "7"), a)
    expected = a.codes.copy()
    expected[1:3, 3], expected[1:3, 5] = 7, 4
    assert np.array_equal(after, expected) and notes == []


def test_paint_is_cropped_at_the_end_of_the_range_and_says_so() -> None:
    a = grid()
    after, notes = done("paint 1,2,3,4 q0 @18:", a)
    assert list(after[0, 18:]) == [1, 2]
    assert np.array_equal(after[:, :18], a.codes[:, :18])
    assert notes == ["4 codes were given, 2 fit"]


@pytest.mark.parametrize("gap", ["gap=5", "gap=@7"])
def test_mix_writes_into_gaps_only(gap: str) -> None:
    a = grid()
    codes = a.codes.copy()
    codes[0, 4:12] = [5, 1, 5, 5, 2, 5, 3, 5]  # frame 7 holds 5
    a = grid_of("a", as_encoded(meta("a", "m", "c", 16), codes))
    after, notes = done(f"mix r @4: {gap}", a, register([10, 11, 12, 13, 14, 15]))
    assert list(after[0, 4:12]) == [10, 1, 12, 13, 2, 15, 3, 5]
    assert np.array_equal(after[1:], codes[1:]) and notes == []


def test_mix_takes_each_levels_own_gap_from_a_frame() -> None:
    codes = np.array([[3, 3, 9, 3], [8, 8, 8, 1]], np.uint16)
    a = grid_of("a", as_encoded(meta("a", "m", "c", 16), codes))
    after, _ = done("mix r gap=@0", a, register([15, 15, 15, 15], [14, 14, 14, 14]))
    assert after.tolist() == [[15, 15, 9, 15], [14, 14, 14, 1]]


def test_mix_without_a_gap_there_says_that_nothing_was_written() -> None:
    codes = np.full((1, 4), 3, np.uint16)
    a = grid_of("a", as_encoded(meta("a", "m", "c", 16), codes))
    after, notes = done("mix r gap=4", a, register([9, 9]))
    assert np.array_equal(after, codes) and "nothing was written" in notes[0]


def test_flood_repeats_to_the_end_of_the_range() -> None:
    a = grid()
    after, notes = done("flood r @2:10", a, register([1, 2, 3], level=1))
    assert list(after[1, 2:10]) == [1, 2, 3, 1, 2, 3, 1, 2]
    assert np.array_equal(after[[0, 2]], a.codes[[0, 2]])
    assert "2 times, then the first 2 of its 3 frames" in notes[0]
    assert done("flood r @2:8", a, register([1, 2, 3]))[1] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("paint 16", "E_BAD_CODE"),
        ("paint 1,,2", "E_BAD_EDIT"),
        ("paint .", "E_BAD_EDIT"),
        ("paint " + "1," * 4096 + "1", "E_BAD_EDIT"),
        ("paint 1 @20", "E_RANGE"),
        ("paint 1 q3", "E_RANGE"),
        ("mix r", "E_BAD_EDIT"),
        ("mix r gap=16", "E_BAD_CODE"),
        ("mix r gap=@20", "E_RANGE"),
        ("mix r gap=@x", "E_BAD_EDIT"),
        ("mix z gap=1", "E_NOT_FOUND"),
        ("flood z", "E_NOT_FOUND"),
        ("flood r q0-1", "E_RANGE"),
        ("flood rr", "E_BAD_EDIT"),
        ("nudge louderer q1-2", "E_BAD_EDIT"),
        ("regenerate @1:4 creativity=4", "E_BAD_EDIT"),
        ("regenerate @1:4 focus=nan", "E_BAD_EDIT"),
        ("regenerate @1:4 only=bright", "E_BAD_EDIT"),
        ("mutate 0.5 only=dull share=2", "E_BAD_EDIT"),
        ("mutate 0.5 share=0.5", "E_BAD_EDIT"),
        ("lock q3", "E_RANGE"),
        ("lock q0 @1:2", "E_BAD_EDIT"),
        ("unlock q1-7", "E_RANGE"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(text: str, code: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        apply(parse_edit(text), grid(), {}, register([1, 2, 3]))
    assert refusal.value.code == code
    assert refusal.value.message and "\n" not in str(refusal.value)


@pytest.mark.parametrize(("text", "waits_for"), [("mute q1", "listening"), ("solo q1", "listening")])
def test_what_is_to_come_says_what_it_waits_for(text: str, waits_for: str) -> None:
    with pytest.raises(AlleleError, match=waits_for):
        parse_edit(text)

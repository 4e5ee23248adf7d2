"""What each operation does to cells, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.edits.operations import apply
from daemon.edits.values import Change, Grid, Register, grid_of, write
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded


def meta(name: str, model: str, codec: str, codebook: int) -> StrandMeta:
    """Whose codes a grid holds; an operation takes its size from the codes."""
    return StrandMeta(name=name, model=model, codec_id=codec, codebook=codebook, levels=1, frames=1, samples=1024)


def grid(name: str, frames: int, *, levels: int = 3, codec: str = "c") -> Grid:
    random = np.random.default_rng([frames, levels, len(name)])
    codes = random.integers(0, 16, (levels, frames)).astype(np.uint16)
    return grid_of(name, as_encoded(meta(name, f"model-{codec}", codec, 16), codes))


def code_of(
    text: str, a: Grid, others: dict[str, Grid] | None = None, registers: dict[str, Register] | None = None
) -> str:
    with pytest.raises(AlleleError) as refusal:
        apply(parse_edit(text), a, others or {}, registers or {})
    assert refusal.value.message
    return refusal.value.code


def test_set_writes_the_named_cells_and_no_others() -> None:
    a = grid("a", 20)
    (change,) = apply(parse_edit("set 7 q1-2 @3:5"), a, {}, {}).changes
    after = write(a.strand, change).codes
    assert (after[1:3, 3:5] == 7).all()
    untouched = after.copy()
    untouched[1:3, 3:5] = a.codes[1:3, 3:5]
    assert np.array_equal(untouched, a.codes)


def test_swap_exchanges_at_an_offset() -> None:
    a, b = grid("a", 20), grid("bb", 12)
    outcome = apply(parse_edit("swap bb q0-1 @10:14 at=2"), a, {"bb": b}, {})
    mine, yours = outcome.changes
    assert (mine.strand, yours.strand, outcome.notes) == ("a", "bb", [])
    assert np.array_equal(write(a.strand, mine).codes[:2, 10:14], b.codes[:2, 2:6])
    assert np.array_equal(write(b.strand, yours).codes[:2, 2:6], a.codes[:2, 10:14])


def test_swap_is_cropped_to_what_both_have_and_says_so() -> None:
    a, b = grid("a", 20), grid("bb", 12)
    outcome = apply(parse_edit("swap bb @5:"), a, {"bb": b}, {})
    assert outcome.changes[0].after.shape == (3, 7)
    assert "7 frames" in outcome.notes[0]


def test_swap_says_what_a_longer_strand_keeps() -> None:
    a, b = grid("a", 20), grid("bb", 12)
    outcome = apply(parse_edit("swap a"), b, {"a": a}, {})
    assert outcome.changes[0].after.shape == (3, 12)
    assert outcome.notes == ["the last 8 frames of a, which is longer, are left out"]
    assert apply(parse_edit("swap a at=8"), b, {"a": a}, {}).notes == []
    assert apply(parse_edit("swap a @0:4"), b, {"a": a}, {}).notes == [], "that much was asked for"


def test_copy_then_put_lands_on_the_levels_it_came_from() -> None:
    a, b = grid("a", 20), grid("bb", 12)
    registers = apply(parse_edit("copy x q1-2 @0:4"), a, {}, {}).registers
    outcome = apply(parse_edit("put x @6:"), b, {}, registers)
    after = write(b.strand, outcome.changes[0]).codes
    assert np.array_equal(after[1:3, 6:10], a.codes[1:3, 0:4])
    assert np.array_equal(after[0], b.codes[0])
    assert outcome.notes == []


def test_put_is_cropped_at_the_end_and_says_so() -> None:
    a, b = grid("a", 20), grid("bb", 12)
    registers = apply(parse_edit("copy x q0 @0:8"), a, {}, {}).registers
    outcome = apply(parse_edit("put x q2 @10:"), b, {}, registers)
    assert np.array_equal(outcome.changes[0].after, a.codes[:1, :2])
    assert outcome.changes[0].level_lo == 2
    assert "8 frames, 2 fit" in outcome.notes[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("set 16", "E_BAD_CODE"),
        ("set -1", "E_BAD_CODE"),
        ("set seven", "E_BAD_EDIT"),
        ("set 1 q3", "E_RANGE"),
        ("set 1 @20", "E_RANGE"),
        ("set 1 @5:21", "E_RANGE"),
        ("copy xy", "E_BAD_EDIT"),
        ("put z", "E_NOT_FOUND"),
        ("put r q0", "E_RANGE"),
        ("put s @0:", "E_WRONG_MODEL"),
        ("swap nobody", "E_NOT_FOUND"),
        ("swap a", "E_BAD_EDIT"),
        ("swap far", "E_WRONG_MODEL"),
        ("swap b @25:", "E_RANGE"),
        ("swap b at=99", "E_RANGE"),
        ("swap b at=-1", "E_RANGE"),
        ("swap b at=soon", "E_BAD_EDIT"),
    ],
)
def test_what_cannot_be_done_is_refused(text: str, code: str) -> None:
    a, far = grid("a", 20), grid("far", 20, codec="other")
    registers = apply(parse_edit("copy r q0-1 @0:4"), a, {}, {}).registers
    strange = replace(registers["r"], codes=far.codes, columns=far.columns, model="model-other", codec_id="other")
    others = {"a": a, "b": grid("b", 12), "far": far}
    with pytest.raises(AlleleError) as refusal:
        apply(parse_edit(text), a, others, {**registers, "s": strange})
    assert refusal.value.code == code
    assert refusal.value.message and refusal.value.hint


@given(
    frames=st.integers(1, 30),
    lo=st.integers(0, 30),
    cut=st.integers(0, 30),
    put=st.integers(0, 30),
    level=st.integers(0, 2),
)
def test_a_change_and_its_reverse_are_the_identity_also_when_the_length_changes(
    frames: int, lo: int, cut: int, put: int, level: int
) -> None:
    a = grid("a", frames)
    lo, cut = min(lo, frames), min(cut, max(0, frames - lo))
    top, height = (0, 3) if cut != put else (level, 1)
    lo = min(lo, frames - cut)
    before = a.codes[top : top + height, lo : lo + cut]
    after = np.full((height, put), 5, np.uint16)
    change = Change(strand="a", level_lo=top, frame_lo=lo, before=before, after=after)
    changed = write(a.strand, change)
    assert changed.codes.shape == (3, frames - cut + put) and changed.columns.shape == (4, frames - cut + put)
    assert np.array_equal(write(changed, change.reversed()).codes, a.codes)


def test_a_change_that_does_not_fit_the_grid_is_refused() -> None:
    a = grid("a", 20)
    (change,) = apply(parse_edit("set 7 @3"), a, {}, {}).changes
    other = as_encoded(a.meta, np.asarray(a.codes + 1, np.uint16))
    with pytest.raises(ValueError, match="not those the change replaces"):
        write(other, change)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("set x q0", "a code is a whole number, not 'x'", "codes go from 0 to 15"),
        ("set 16", "code 16 does not exist", "codes go from 0 to 15"),
        ("set 1_0", "not '1_0'", "codes go from 0 to 15"),
        ("set ١٧", "whole number", "codes go from 0 to 15"),
        ("paint 1,1_0", "not '1_0'", "codes go from 0 to 15"),
        ("shift 1_0", "not '1_0'", "write digits"),
        ("stretch ٢", "FACTOR is a number", "write digits"),
        ("mutate 0_1", "STRENGTH is a number", "write digits"),
        ("repeat 0", "from 1 to", "the nearest is 1"),
        ("mutate 0.3 seed=-4", "from 0 to", "the nearest is 0"),
        ("blend b 0.3 mode=loud", "mode is one of", "without mode= it is latent"),
        ("set 5 q7", "level 7 does not exist", "write q2"),
        ("stretch 2 q1", "stretch changes the length", "leave q1 out"),
    ],
)
def test_a_refusal_says_what_is_allowed(text: str, said: str, hint: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        apply(parse_edit(text), grid("a", 20), {}, {})
    assert said in refusal.value.message and refusal.value.hint.startswith(hint)
    assert "q2-2" not in refusal.value.hint

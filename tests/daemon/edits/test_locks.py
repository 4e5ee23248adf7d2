"""Locked levels keep their cells, whatever the operation; the others get what they would have got."""

import numpy as np
import pytest

from daemon.edits.locks import levels_words
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, Register, Step, grid_of, write
from protocol.columns import encoded_columns
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.strands import Source, StrandMeta, as_encoded

LEVELS, FRAMES, CODEBOOK = 6, 20, 16
RESIZING = [name for name, spec in OPS.items() if spec.resizes]


def meta(name: str, model: str, codec: str, codebook: int) -> StrandMeta:
    """Whose codes a grid holds; an operation takes its size from the codes."""
    return StrandMeta(name=name, model=model, codec_id=codec, codebook=codebook, levels=1, frames=1, samples=1024)


def grid(name: str, locked: set[int] | None = None) -> Grid:
    codes = np.random.default_rng(len(name)).integers(0, CODEBOOK, (LEVELS, FRAMES)).astype(np.uint16)
    return grid_of(name, as_encoded(meta(name, "m", "c", CODEBOOK), codes), frozenset(locked or ()))


def register() -> dict[str, Register]:
    codes = np.random.default_rng(9).integers(0, CODEBOOK, (LEVELS, 7)).astype(np.uint16)
    columns = encoded_columns(7, 1024, 0.0)
    return {"r": Register(codes=codes, columns=columns, recordings=[Source()], level_lo=0, model="m", codec_id="c")}


def answered(step: Step) -> Outcome:
    """A model that is nonsense, but the same for the same cells, whichever levels were asked about."""
    while isinstance(step, Computation):
        rows = [np.random.default_rng(row.tolist()).permutation(row) for row in step.inputs[0]]
        is_places = step.kind in ("align", "mosaic")
        step = step.finish(np.arange(FRAMES, dtype=np.int32)[::-1].copy() if is_places else np.array(rows, np.uint16))
    return step


def done(text: str, mine: Grid, other: Grid) -> Outcome:
    return answered(apply(parse_edit(text), mine, {"bb": other}, register()))


@pytest.mark.parametrize(
    "text",
    ["set 3", "paint 1,2,.,3 @2:", "swap bb", "put r @4:", "mix r gap=@2", "flood r", "shift 3", "reverse @2:9",
     "mutate 1", "mosaic bb", "blend bb 0.5", "blend bb 1", "blend bb 0.5 mode=cells seed=4", "blend bb 0.5 align=dtw"],
)  # fmt: skip
def test_locked_levels_keep_their_cells_and_that_is_said(text: str) -> None:
    free, mine, other = grid("a"), grid("a", {0, 3}), grid("bb")
    expected = done(text, free, other)
    kept = done(text, mine, other)
    for plain, change in zip(expected.changes, kept.changes, strict=True):
        before = (mine if change.strand == "a" else other).strand
        after = write(before, change).codes
        assert np.array_equal(after[[0, 3]], before.codes[[0, 3]])
        assert np.array_equal(after[[1, 2, 4, 5]], write(before, plain).codes[[1, 2, 4, 5]])
    assert any("locked: not changed" in note for note in kept.notes)


def test_what_takes_a_model_leaves_locked_ends_of_the_range_out() -> None:
    other = grid("bb")
    asked = apply(parse_edit("blend bb 0.5"), grid("a", {0, 5}), {"bb": other}, {})
    named = apply(parse_edit("blend bb 0.5 q1-4"), grid("a"), {"bb": other}, {})
    assert isinstance(asked, Computation)
    assert isinstance(named, Computation)
    assert asked.key == named.key


def test_a_swap_minds_the_locks_of_both_sides() -> None:
    mine, other = grid("a", {0}), grid("bb", {2})
    ours, theirs = done("swap bb", mine, other).changes
    for level in range(LEVELS):
        is_kept = level in (0, 2)
        assert np.array_equal(ours.after[level], (mine if is_kept else other).codes[level])
        assert np.array_equal(theirs.after[level], (other if is_kept else mine).codes[level])


@pytest.mark.parametrize("text", ["set 3 q0-1", "swap bb q1", "mutate 0.5 q0-1", "put r q0-5", "reverse q0"])
def test_nothing_but_locked_levels_is_refused(text: str) -> None:
    locked = set(range(LEVELS)) if text.startswith("put") else {0, 1}
    with pytest.raises(AlleleError, match="locked") as refusal:
        done(text, grid("a", locked), grid("bb"))
    assert refusal.value.code == "E_LOCKED"


@pytest.mark.parametrize("op", RESIZING)
def test_a_length_changes_on_all_levels_or_not_at_all(op: str) -> None:
    with pytest.raises(AlleleError, match="length") as refusal:
        done(OPS[op].example, grid("a", {4}), grid("bb"))
    assert refusal.value.code == "E_LOCKED"


def test_what_is_copied_is_read_from_locked_levels_too() -> None:
    copied = done("copy x q0-1", grid("a", {0, 1}), grid("bb"))
    assert copied.registers["x"].codes.shape == (2, FRAMES)
    assert copied.notes == []


def test_locks_add_up_and_are_taken_off_again() -> None:
    outcome = done("lock q2-3", grid("a", {0}), grid("bb"))
    assert (outcome.locked, outcome.changes) == ({0, 2, 3}, [])
    assert done("unlock q0-2", grid("a", {0, 2, 3}), grid("bb")).locked == {3}
    assert done("lock", grid("a"), grid("bb")).locked == set(range(LEVELS))
    assert done("lock q0", grid("a", {0}), grid("bb")).locked is None


@pytest.mark.parametrize(("levels", "words"), [([], ""), ([3], "q3"), ([0, 1, 2], "q0-2"), ([5, 0, 2, 1], "q0-2, q5")])
def test_levels_in_words(levels: list[int], words: str) -> None:
    assert levels_words(levels) == words

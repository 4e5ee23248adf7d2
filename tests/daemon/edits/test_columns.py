"""The level and the source of each frame go with its code at level 0, through every operation and back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.edits.operations import apply
from daemon.edits.values import Change, Computation, Grid, Outcome, grid_of, write
from protocol.columns import BACKWARD, DIRECTION, FORWARD, LEVEL, PAINTED, SAMPLE, SOURCE
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import Source, Strand, StrandMeta, as_encoded, pack_strand, unpack_strand, with_sources

HOP, LEVELS = 1024, 3
LOUD, SOFT = -3.25, -31.5


def grid(name: str, frames: int, gain_db: float, locked: set[int] | None = None) -> Grid:
    meta = StrandMeta(
        name=name, model="m", codec_id="c", codebook=16, levels=LEVELS, frames=frames, samples=frames * HOP,
        gain_db=gain_db, source=Source(path=f"/home/{name}.wav", sha256=name * 8),
    )  # fmt: skip
    codes = np.random.default_rng([ord(name[-1]), frames]).integers(0, 16, (LEVELS, frames)).astype(np.uint16)
    return grid_of(name, as_encoded(meta, codes), frozenset(locked or ()))


def edited(text: str, a: Grid, b: Grid, *before: str) -> Strand:
    """The first strand after an edit. A computation is answered with the codes of its first input, or frame 0, 1, …."""
    registers = {}
    for line in before:
        registers |= done(line, b, a).registers
    changes = [change for change in done(text, a, b, registers).changes if change.strand == a.id]
    strand = a.strand
    for change in changes:
        strand = write(strand, change)
        assert all(map(np.array_equal, write(strand, change.reversed()).buffers, a.strand.buffers))
        assert write(strand, change.reversed()).meta == a.meta
    return strand


def done(text: str, a: Grid, b: Grid, registers: dict | None = None) -> Outcome:
    step = apply(parse_edit(text), a, {a.id: a, b.id: b}, registers or {})
    while isinstance(step, Computation):
        frames = step.inputs[0].shape[1]
        is_places = step.kind in ("mosaic", "align")
        step = step.finish(np.arange(frames, dtype=np.int64) if is_places else step.inputs[0])
    return step


def names(strand: Strand) -> list[str]:
    """The recording of each frame by name; "painted" for none."""
    recordings = [strand.meta.source, *strand.meta.sources]
    return ["painted" if n == PAINTED else Path(recordings[n].path).stem for n in strand.columns[SOURCE].tolist()]


@pytest.mark.parametrize("text", ["swap b", "put r", "flood r", "blend b 1", "mosaic b", "mix r gap=@0"])
@pytest.mark.parametrize("level", ["own", "match"])
def test_a_body_that_moves_brings_its_level_and_its_source(text: str, level: str) -> None:
    a, b = grid("a", 8, LOUD), grid("b", 8, SOFT)
    if text.startswith("mix"):
        a.codes[0, 2], a.codes[0, 3] = a.codes[0, 0], (a.codes[0, 0] + 1) % 16
    strand = edited(f"{text} level={level}", a, b, "copy r")
    moved = np.array([text[:3] != "mix" or code == a.codes[0, 0] for code in a.codes[0]])
    assert moved.any() and names(strand) == ["b" if is_moved else "a" for is_moved in moved]
    expected = np.where(moved, SOFT if level == "own" else LOUD, LOUD)
    assert np.array_equal(strand.columns[LEVEL], (100 * expected).astype(int))
    assert np.array_equal(strand.columns[SAMPLE], np.arange(8) * HOP)


@pytest.mark.parametrize("text", ["swap b q1-2", "put r", "flood r", "blend b 1 q1", "mosaic b q2", "set 3 q1"])
def test_cells_without_the_body_leave_level_and_source(text: str) -> None:
    a, b = grid("a", 8, LOUD), grid("b", 8, SOFT)
    strand = edited(text, a, b, "copy r q1-2")
    assert np.array_equal(strand.columns, a.columns) and not np.array_equal(strand.codes, a.codes)


@pytest.mark.parametrize("text", ["swap b", "blend b 1", "blend b 0.5 mode=cells", "mosaic b"])
def test_a_locked_body_keeps_level_and_source(text: str) -> None:
    a, b = grid("a", 8, LOUD, {0}), grid("b", 8, SOFT)
    assert np.array_equal(edited(text, a, b).columns, a.columns)


def test_a_blend_is_between_the_levels_in_decibels() -> None:
    a, b = grid("a", 8, -10.0), grid("b", 8, -30.0)
    levels = [edited(f"blend b {amount}", a, b).columns[LEVEL, 0] / 100 for amount in (0, 0.25, 0.5, 0.75, 1)]
    assert levels == [-10, -15, -20, -25, -30]
    assert [names(edited(f"blend b {amount}", a, b))[0] for amount in (0.25, 0.75)] == ["a", "b"]
    turns = edited("blend b 0.5 mode=cells seed=3", grid("a", 60, -10.0), grid("b", 60, -30.0))
    assert set(names(turns)) == {"a", "b"}
    assert [level / 100 for level in turns.columns[LEVEL]] == [-10 if name == "a" else -30 for name in names(turns)]


def test_frames_that_turn_or_repeat_know_where_they_came_from() -> None:
    a, b = grid("a", 4, LOUD), grid("b", 4, SOFT)
    starts = [0, HOP, 2 * HOP, 3 * HOP]
    turned = edited("mirror", a, b).columns
    assert turned[SAMPLE].tolist() == starts + starts[::-1]
    assert turned[DIRECTION].tolist() == [FORWARD] * 4 + [BACKWARD] * 4
    assert edited("repeat 1 @1:3", a, b).columns[SAMPLE].tolist() == [0, HOP, 2 * HOP, HOP, 2 * HOP, 3 * HOP]
    assert edited("shift 1", a, b).columns[SAMPLE].tolist() == [3 * HOP, 0, HOP, 2 * HOP]
    assert edited("reverse @1:3", a, b).columns[DIRECTION].tolist() == [FORWARD, BACKWARD, BACKWARD, FORWARD]
    assert names(edited("set 3 q0 @1:3", a, b)) == ["a", "painted", "painted", "a"]
    assert names(edited("paint 3,.,4 q0", a, b)) == ["painted", "a", "painted", "a"]


def test_recordings_are_numbered_once_and_only_if_they_are_used() -> None:
    a, b, c = grid("a", 4, LOUD), grid("b", 4, SOFT), grid("c", 4, SOFT)
    ab = grid_of("ab", edited("swap b @0:2", a, b))
    abc = edited("swap c @1:3", ab, c)
    assert names(abc) == ["b", "c", "c", "a"] and len(abc.meta.sources) == 2
    into_b = edited("swap abc @2:4", b, grid_of("abc", abc))
    assert names(into_b) == ["b", "b", "c", "a"] and len(into_b.meta.sources) == 2, "b itself is not listed again"
    assert edited("swap abc q1", b, grid_of("abc", abc)).meta.sources == []


def test_an_alle_file_keeps_columns_and_one_without_them_is_as_it_was_encoded() -> None:
    strand = edited("swap b @0:2", grid("a", 4, LOUD), grid("b", 4, SOFT))
    came = unpack_strand(pack_strand(strand))
    assert came.meta == strand.meta and np.array_equal(came.columns, strand.columns)


@pytest.mark.parametrize(("row", "value"), [(LEVEL, 10_001), (SOURCE, 1), (SOURCE, -3), (DIRECTION, 2)])
def test_columns_that_cannot_be_are_refused(row: int, value: int) -> None:
    strand = grid("a", 4, LOUD).strand
    strand.columns[row, 1] = value
    with pytest.raises(AlleleError) as refusal:
        pack_strand(strand)
    assert refusal.value.code == "E_BAD_STRAND" and "columns.npy" in refusal.value.hint


@given(st.lists(st.integers(-2, 3), min_size=1, max_size=12))
def test_columns_that_are_taken_over_name_the_same_recordings(numbers: list[int]) -> None:
    recordings = [Source(path=name) for name in "wxyz"]
    columns = as_encoded(grid("a", len(numbers), 0.0).meta, np.zeros((1, len(numbers)), np.uint16)).columns
    columns[SOURCE] = numbers
    mine = StrandMeta(
        name="m", model="m", codec_id="c", levels=1, codebook=2, frames=1, samples=1, source=recordings[2],
        sources=[recordings[0]],
    )  # fmt: skip
    meta, taken = with_sources(mine, recordings, columns)
    known = [meta.source, *meta.sources]
    for before, after in zip(numbers, taken[SOURCE].tolist(), strict=True):
        assert after == before if before < 0 else known[after] == recordings[before]
    assert len({source.path for source in known}) == len(known)


def test_a_change_of_length_from_an_older_journal_has_a_level_and_no_source() -> None:
    a = grid("a", 4, LOUD)
    change = Change(strand="a", level_lo=0, frame_lo=1, before=a.codes[:, 1:2], after=a.codes[:, [1, 1, 1]])
    columns = write(a.strand, change).columns
    assert columns[LEVEL].tolist() == [-325] * 6 and columns[SOURCE].tolist() == [0, -1, -1, -1, 0, 0]

"""The types that edits use: grids, changes, registers, outcomes, and computations by a model.

Shape:
    codes are (Q, T) uint16, columns (4, T) int32. They are never changed after they are part of a value.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from msgspec import structs

from protocol.arrays import Array
from protocol.columns import LEVEL, ROWS, SOURCE, UNKNOWN, Columns
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes, Source, Strand, StrandMeta
from protocol.tempo import Tempo


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A strand as the input of an operation. The cells of `locked` levels are not changed."""

    id: str
    meta: StrandMeta
    codes: Codes
    columns: Columns
    locked: frozenset[int] = frozenset()

    @property
    def strand(self) -> Strand:
        """The strand as a value."""
        return Strand(self.meta, self.codes, self.columns)

    @property
    def levels(self) -> int:
        """The number of levels, Q."""
        return self.codes.shape[0]

    @property
    def frames(self) -> int:
        """The number of frames, T. `meta` may not include a change of length yet."""
        return self.codes.shape[1]


def grid_of(name: str, strand: Strand, locked: frozenset[int] = frozenset()) -> Grid:
    """Return a strand as the input of an operation, with the id `name`."""
    return Grid(id=name, meta=strand.meta, codes=strand.codes, columns=strand.columns, locked=locked)


@dataclass(frozen=True, kw_only=True)
class ColumnChange:
    """The columns of a change's frames, before (4, n) and after (4, m), and the strand's further recordings."""

    before: Columns
    after: Columns
    sources_before: list[Source]
    sources_after: list[Source]

    def reversed(self) -> "ColumnChange":
        """The change that undoes this one."""
        return ColumnChange(
            before=self.after,
            after=self.before,
            sources_before=self.sources_after,
            sources_after=self.sources_before,
        )


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a rectangle of cells of one strand, with the cells before and after.

    before (q, n) is at levels [level_lo, level_lo + q) and frames [frame_lo, frame_lo + n); after (q, m) replaces it.
    If n != m, the strand's length changes, and q must be the number of all levels. columns: the change of the frames'
    levels and sources, or None if they stay; a change of length always has one.
    """

    strand: str
    level_lo: int
    frame_lo: int
    before: Codes
    after: Codes
    columns: ColumnChange | None = None

    @property
    def levels(self) -> LevelRange:
        """The levels that are changed."""
        return LevelRange(self.level_lo, self.level_lo + self.before.shape[0] - 1)

    @property
    def frames(self) -> FrameRange:
        """The range of frames of `after`."""
        return FrameRange(self.frame_lo, self.frame_lo + self.after.shape[1])

    @property
    def is_resized(self) -> bool:
        """Whether the strand's length changes."""
        return self.before.shape[1] != self.after.shape[1]

    @property
    def is_nothing(self) -> bool:
        """Whether the cells and columns after the change are those before it."""
        return self.columns is None and np.array_equal(self.before, self.after)

    def reversed(self) -> "Change":
        """The change that undoes this one."""
        return Change(
            strand=self.strand,
            level_lo=self.level_lo,
            frame_lo=self.frame_lo,
            before=self.after,
            after=self.before,
            columns=None if self.columns is None else self.columns.reversed(),
        )


@dataclass(frozen=True, kw_only=True)
class Register:
    """Stored cells (q, n), the first level that they were copied from, and the model of their codes.

    columns (4, n): the levels and sources of the frames. recordings: those that the columns name.
    """

    codes: Codes
    columns: Columns
    recordings: list[Source]
    level_lo: int
    model: str
    codec_id: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of an edit: at most one change for each strand, registers to store, and notes for the user.

    locked: the levels that are locked after the edit, or None if the locks do not change. retimed: the new tempo, or
    None if it does not change.
    """

    changes: list[Change] = field(default_factory=list[Change])
    registers: Mapping[str, Register] = field(default_factory=dict[str, Register])
    notes: list[str] = field(default_factory=list[str])
    locked: frozenset[int] | None = None
    retimed: "Retimed | None" = None


@dataclass(frozen=True)
class Retimed:
    """The tempo of a strand after an edit; None is no tempo."""

    tempo: Tempo | None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Cells of a strand that an engine draws. free: those of them that change, (q, n) bool."""

    cells: Rect
    free: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Computation:
    """A computation by a model that an edit needs. The engine computes the answer, and `finish` continues with it.

    kind, settings: the computation (daemon.blending.computations). inputs: its codes. The answer must depend on nothing
    else, so that equal computations have equal answers. is_long: it takes seconds. needs_atlas, needs_prior: it
    needs the model's atlas or prior. drawn: the cells that the engine reports one frame after another while it draws
    them, so that a client can show them.
    """

    kind: str
    settings: Mapping[str, float | int | str]
    inputs: tuple[Codes, ...]
    finish: Callable[[Array], "Step"]
    is_long: bool = False
    needs_atlas: bool = False
    needs_prior: bool = False
    drawn: Drawn | None = None

    @property
    def key(self) -> bytes:
        """A digest of the kind, the settings and the inputs."""
        digest = hashlib.blake2b(f"{self.kind} {sorted(self.settings.items())}".encode(), digest_size=16)
        for codes in self.inputs:
            digest.update(f" {codes.shape} ".encode() + codes.tobytes())
        return digest.digest()


Step = Outcome | Computation


def settle(step: Step, answers: Mapping[bytes, Array]) -> Step:
    """The outcome of a step, computed with the given answers by key, or the next computation that is needed."""
    while isinstance(step, Computation) and (answer := answers.get(step.key)) is not None:
        step = step.finish(answer)
    return step


def write(strand: Strand, change: Change, *, in_place: bool = False) -> Strand:
    """Replace the change's `before` by its `after`, in codes and columns. The description keeps its length.

    Args:
        in_place: write into the arrays of `strand` where possible, instead of new ones.

    Raises:
        ValueError: the cells or columns at its place are not those that the change replaces.
    """
    meta, codes, columns = strand
    lo = change.frame_lo
    height = change.before.shape[0]
    if change.is_resized and height != codes.shape[0]:
        raise ValueError("a change of length must include all levels")
    codes = _spliced(codes, change.level_lo, lo, change.before, change.after, in_place=in_place)
    if change.columns is not None:
        parts = change.columns
        columns = _spliced(columns, 0, lo, parts.before, parts.after, in_place=in_place)
        meta = structs.replace(meta, sources=parts.sources_after)
    elif change.is_resized:
        columns = _unrecorded(columns, change)
    return Strand(meta, codes, columns)


def _unrecorded(columns: Columns, change: Change) -> Columns:
    """The columns after a change of length from a journal that is older than columns: level known, source unknown."""
    lo, hi = change.frame_lo, change.frame_lo + change.before.shape[1]
    new = np.zeros((ROWS, change.after.shape[1]), np.int32)
    new[LEVEL], new[SOURCE] = columns[LEVEL, -1:].sum(), UNKNOWN  # such journals have one level a strand
    return np.concatenate([columns[:, :lo], new, columns[:, hi:]], axis=1)


def _spliced(array: Array, top: int, lo: int, before: Array, after: Array, *, in_place: bool) -> Array:
    """Replace `before` by `after` from row `top` and column `lo` on. The result is read-only."""
    rows, hi = slice(top, top + before.shape[0]), lo + before.shape[1]
    if not np.array_equal(array[rows, lo:hi], before):
        raise ValueError(f"rows {rows.start}:{rows.stop}, frames {lo}:{hi} are not those the change replaces")
    if before.shape[1] != after.shape[1]:
        result = np.concatenate([array[:, :lo], after, array[:, hi:]], axis=1)
    else:
        result = array if in_place else array.copy()
        result.flags.writeable = True
        result[rows, lo:hi] = after
    result.flags.writeable = False
    return result

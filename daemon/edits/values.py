"""The types that edits use: grids, changes, registers, outcomes, and computations by a model.

Shape:
    codes are (Q, T) uint16. They are never changed after they are part of a value.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from protocol.arrays import Array
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import Codes, StrandMeta


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A strand as the input of an operation. The cells of `locked` levels are not changed."""

    id: str
    meta: StrandMeta
    codes: Codes
    locked: frozenset[int] = frozenset()

    @property
    def levels(self) -> int:
        """The number of levels, Q."""
        return self.codes.shape[0]

    @property
    def frames(self) -> int:
        """The number of frames, T. `meta` may not include a change of length yet."""
        return self.codes.shape[1]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a rectangle of cells of one strand, with the cells before and after.

    before (q, n) is at levels [level_lo, level_lo + q) and frames [frame_lo, frame_lo + n); after (q, m) replaces it.
    If n != m, the strand's length changes, and q must be the number of all levels.
    """

    strand: str
    level_lo: int
    frame_lo: int
    before: Codes
    after: Codes

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

    def reversed(self) -> "Change":
        """The change that undoes this one."""
        return Change(
            strand=self.strand,
            level_lo=self.level_lo,
            frame_lo=self.frame_lo,
            before=self.after,
            after=self.before,
        )


@dataclass(frozen=True, kw_only=True)
class Register:
    """Stored cells (q, n), the first level that they were copied from, and the model of their codes."""

    codes: Codes
    level_lo: int
    model: str
    codec_id: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of an edit: at most one change for each strand, registers to store, and notes for the user.

    locked: the levels that are locked after the edit, or None if the locks do not change.
    """

    changes: list[Change] = field(default_factory=list[Change])
    registers: Mapping[str, Register] = field(default_factory=dict[str, Register])
    notes: list[str] = field(default_factory=list[str])
    locked: frozenset[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Computation:
    """A computation by a model that an edit needs. The engine computes the answer, and `finish` continues with it.

    kind, settings: the computation (daemon.blending.computations). inputs: its codes. The answer must depend on nothing
    else, so that equal computations have equal answers. is_long: it takes seconds. needs_atlas: it needs the model's
    atlas.
    """

    kind: str
    settings: Mapping[str, float | int | str]
    inputs: tuple[Codes, ...]
    finish: Callable[[Array], "Step"]
    is_long: bool = False
    needs_atlas: bool = False

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


def write(codes: Codes, change: Change, *, in_place: bool = False) -> Codes:
    """Replace the change's `before` by its `after`. Returns a new grid, or with `in_place` the same one if possible.

    Raises:
        ValueError: the cells at its place are not the change's `before`.
    """
    top, bottom = change.level_lo, change.level_lo + change.before.shape[0]
    lo, hi = change.frame_lo, change.frame_lo + change.before.shape[1]
    if not np.array_equal(codes[top:bottom, lo:hi], change.before):
        raise ValueError(f"the cells at levels {top}:{bottom}, frames {lo}:{hi} are not those the change replaces")
    if change.is_resized:
        if change.before.shape[0] != codes.shape[0]:
            raise ValueError("a change of length must include all levels")
        result = np.concatenate([codes[:, :lo], change.after, codes[:, hi:]], axis=1)
    else:
        result = codes if in_place else codes.copy()
        result.flags.writeable = True
        result[top:bottom, lo:hi] = change.after
    result.flags.writeable = False
    return result

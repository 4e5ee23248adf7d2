"""The values that edits are made of: grids, changes, registers, outcomes, and questions to a model.

Shape:
    codes are (Q, T) uint16 and never written to once they are in a value.
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
    """One strand as an operation sees it. `locked` levels keep their cells."""

    id: str
    meta: StrandMeta
    codes: Codes
    locked: frozenset[int] = frozenset()

    @property
    def levels(self) -> int:
        """Q."""
        return self.codes.shape[0]

    @property
    def frames(self) -> int:
        """T, which `meta` may not know yet."""
        return self.codes.shape[1]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A block of cells of one strand, before and after.

    before (q, n) lay at levels [level_lo, level_lo + q) and frames [frame_lo, frame_lo + n); after (q, m) replaces it.
    n != m changes the strand's length and then q is all levels.
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
        """The frames at which `after` lies."""
        return FrameRange(self.frame_lo, self.frame_lo + self.after.shape[1])

    @property
    def is_resized(self) -> bool:
        """Whether the strand's length changes."""
        return self.before.shape[1] != self.after.shape[1]

    def reversed(self) -> "Change":
        """The change that takes this one back."""
        return Change(
            strand=self.strand,
            level_lo=self.level_lo,
            frame_lo=self.frame_lo,
            before=self.after,
            after=self.before,
        )


@dataclass(frozen=True, kw_only=True)
class Register:
    """Remembered cells (q, n), the level they were copied from, and the model whose codes they are."""

    codes: Codes
    level_lo: int
    model: str
    codec_id: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an edit does: at most one change for each strand, registers to remember, words for the person.

    locked: the levels that are locked from now on, None when that stays as it is.
    """

    changes: list[Change] = field(default_factory=list[Change])
    registers: Mapping[str, Register] = field(default_factory=dict[str, Register])
    notes: list[str] = field(default_factory=list[str])
    locked: frozenset[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Computation:
    """What an edit needs a model for. Whoever has one answers, and `finish` goes on from there.

    kind and settings say what is asked (daemon.blending.computations), inputs are the codes it is asked of. Nothing
    else may flow into the answer: the same question always has the same one. is_long: it takes seconds. needs_atlas:
    the model's atlas is needed too.
    """

    kind: str
    settings: Mapping[str, float | int | str]
    inputs: tuple[Codes, ...]
    finish: Callable[[Array], "Step"]
    is_long: bool = False
    needs_atlas: bool = False

    @property
    def key(self) -> bytes:
        """A digest of the question."""
        digest = hashlib.blake2b(f"{self.kind} {sorted(self.settings.items())}".encode(), digest_size=16)
        for codes in self.inputs:
            digest.update(f" {codes.shape} ".encode() + codes.tobytes())
        return digest.digest()


Step = Outcome | Computation


def settle(step: Step, answers: Mapping[bytes, Array]) -> Step:
    """The outcome of a step as far as the answers known by key reach, or the next question."""
    while isinstance(step, Computation) and (answer := answers.get(step.key)) is not None:
        step = step.finish(answer)
    return step


def write(codes: Codes, change: Change, *, in_place: bool = False) -> Codes:
    """A grid with the change's `after` in place of its `before`: a new one, or the same where that can be.

    Raises:
        ValueError: the cells there are not the change's `before`.
    """
    top, bottom = change.level_lo, change.level_lo + change.before.shape[0]
    lo, hi = change.frame_lo, change.frame_lo + change.before.shape[1]
    if not np.array_equal(codes[top:bottom, lo:hi], change.before):
        raise ValueError(f"the cells at levels {top}:{bottom}, frames {lo}:{hi} are not those the change replaces")
    if change.is_resized:
        if change.before.shape[0] != codes.shape[0]:
            raise ValueError("a change of length is one of all levels")
        result = np.concatenate([codes[:, :lo], change.after, codes[:, hi:]], axis=1)
    else:
        result = codes if in_place else codes.copy()
        result.flags.writeable = True
        result[top:bottom, lo:hi] = change.after
    result.flags.writeable = False
    return result

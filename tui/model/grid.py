"""A strand as the screens hold it: its codes, its revision, and which cells changed since it was opened.

Data flow: the daemon's reply to GetStrand makes a `StrandGrid`. Every StrandChanged event goes through `apply`, which
either writes the cells or reports that the caller must fetch the whole strand (its length changed, or an event was
missed). `versions` counts, per row, the changes that may alter a pixel.
"""

from enum import Enum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from protocol.messages.events import StrandChanged
from protocol.messages.strands import StrandInfo
from protocol.ranges import LevelRange
from protocol.strands import Codes

Reference = Literal["change", "opened", "kept"]


class Applied(Enum):
    """The effect of an event on the grid."""

    WRITTEN = "written"
    STALE = "stale"
    REFETCH = "refetch"


class StrandGrid:
    """Codes (Q, T) uint16 of one open strand, with its revision and undo depths.

    Args:
        opened: the codes when the strand was opened; by default the current ones.
        before_change: the codes before the last edit; by default the current ones.
    """

    def __init__(
        self,
        info: StrandInfo,
        codes: npt.NDArray[Any],
        opened: npt.NDArray[Any] | None = None,
        before_change: npt.NDArray[Any] | None = None,
    ) -> None:
        self.info = info
        self.codes: Codes = np.array(codes, dtype=np.uint16)
        self._opened: Codes = np.array(codes if opened is None else opened, dtype=np.uint16)
        self.changed: npt.NDArray[np.bool_] = np.ones(self.codes.shape, dtype=np.bool_)
        self.versions = [0] * self.codes.shape[0]
        self._mark(LevelRange(0, self.levels - 1))
        self._before_change = self.codes if before_change is None else np.array(before_change, dtype=np.uint16)
        self._kept: Codes | None = None

    @property
    def id(self) -> str:
        return self.info.id

    @property
    def name(self) -> str:
        return self.info.meta.name

    @property
    def rev(self) -> int:
        return self.info.rev

    @property
    def levels(self) -> int:
        return int(self.codes.shape[0])

    @property
    def frames(self) -> int:
        return int(self.codes.shape[1])

    @property
    def codebook(self) -> int:
        return self.info.meta.codebook

    @property
    def frame_rate(self) -> float:
        return self.info.meta.frame_rate

    def seconds(self, frame: float) -> float:
        """Return the time at which a frame begins, in seconds."""
        return frame / self.frame_rate

    def opened_code(self, level: int, frame: int) -> int | None:
        """Return a cell's code when the strand was opened, or None for a frame that did not exist."""
        return int(self._opened[level, frame]) if frame < self._opened.shape[1] else None

    def before(self, reference: Reference) -> Codes | None:
        """Return the codes (Q, T) of a reference to compare with, or None when it does not exist."""
        return {"change": self._before_change, "opened": self._opened, "kept": self._kept}[reference]

    def keep(self) -> None:
        """Store the current codes as the "kept" reference."""
        self._kept = self.codes.copy()

    def apply(self, event: StrandChanged, cells: npt.NDArray[Any] | None) -> Applied:
        """Apply one event. `cells` is its buffer: the changed cells, (levels, frames)."""
        if event.strand.rev <= self.rev:
            return Applied.STALE
        if event.resized or cells is None or event.strand.rev != self.rev + 1:
            return Applied.REFETCH
        levels, frames = event.levels, event.frames
        if cells.shape != (len(levels), len(frames)) or frames.past > self.frames:
            return Applied.REFETCH
        self._before_change = self.codes.copy()
        self.codes[levels.index, frames.index] = cells
        self._mark(levels)
        self.info = event.strand
        return Applied.WRITTEN

    def replace(self, info: StrandInfo, codes: npt.NDArray[Any]) -> bool:
        """Replace all codes by a fetched strand, but keep its references. Returns False when no cell differs."""
        self.info, self._before_change = info, self.codes
        self.codes = np.array(codes, dtype=np.uint16)
        self.changed = np.ones(self.codes.shape, dtype=np.bool_)
        self.versions = [max(self.versions, default=0) + 1] * self.levels
        self._mark(LevelRange(0, self.levels - 1))
        return not np.array_equal(self._before_change, self.codes)

    def _mark(self, levels: LevelRange) -> None:
        known = min(self.frames, int(self._opened.shape[1]))
        rows = levels.index
        self.changed[rows, :known] = self.codes[rows, :known] != self._opened[rows, :known]
        for level in levels.numbers:
            self.versions[level] += 1

"""A strand as the screens hold it: its codes, its revision, and which cells changed since it was opened.

Data flow: the daemon's reply to GetStrand makes a `StrandGrid`. Every StrandChanged event goes through `apply`, which
either writes the cells or reports that the caller must fetch the whole strand (its length changed, or an event was
missed). `versions` counts, per row, the changes that may alter a pixel.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from protocol.columns import FORWARD, ROWS, SAMPLE, SOURCE, Columns, encoded_columns
from protocol.messages.events import StrandChanged
from protocol.messages.strands import StrandInfo
from protocol.ranges import LevelRange
from protocol.strands import Codes, Source
from protocol.tempo import Tempo

Reference = Literal["change", "opened", "kept"]


class Applied(Enum):
    """The effect of an event on the grid."""

    WRITTEN = "written"
    STALE = "stale"
    REFETCH = "refetch"


class Cells(NamedTuple):
    """The codes (Q, T) uint16 and columns (4, T) int32 of a strand at one moment, as messages contain them."""

    codes: Codes
    columns: Columns


class StrandGrid:
    """Codes (Q, T) uint16 and columns (4, T) int32 of one open strand, with its revision and undo depths.

    Args:
        columns: by default those of a strand as it was encoded.
        opened: codes and columns when the strand was opened; by default the current ones.
        before_change: codes and columns before the last edit; by default the current ones.
    """

    def __init__(
        self,
        info: StrandInfo,
        codes: npt.NDArray[Any],
        columns: npt.NDArray[Any] | None = None,
        opened: Cells | None = None,
        before_change: Cells | None = None,
    ) -> None:
        self.info = info
        self.codes: Codes = np.array(codes, dtype=np.uint16)
        meta = info.meta
        columns = encoded_columns(self.frames, meta.hop_length, meta.gain_db) if columns is None else columns
        self.columns: Columns = np.array(columns, dtype=np.int32)
        self._opened = self.cells if opened is None else opened
        self.changed: npt.NDArray[np.bool_] = np.ones(self.codes.shape, dtype=np.bool_)
        self.versions = [0] * self.codes.shape[0]
        self._mark(LevelRange(0, self.levels - 1))
        self._before_change = self.cells if before_change is None else before_change
        self._kept: Cells | None = None

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
    def cells(self) -> Cells:
        """A copy of the current codes and columns."""
        return Cells(self.codes.copy(), self.columns.copy())

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

    @property
    def tempo(self) -> Tempo | None:
        return self.info.meta.tempo

    def seconds(self, frame: float) -> float:
        """Return the time at which a frame begins, in seconds."""
        return frame / self.frame_rate

    def opened_code(self, level: int, frame: int) -> int | None:
        """Return a cell's code when the strand was opened, or None for a frame that did not exist."""
        opened = self._opened.codes
        return int(opened[level, frame]) if frame < opened.shape[1] else None

    def source_at(self, frame: int) -> tuple[Source, float] | None:
        """Return the recording that a frame came from and the time there in seconds, or None if it came from none."""
        number, sample = int(self.columns[SOURCE, frame]), int(self.columns[SAMPLE, frame])
        meta = self.info.meta
        recordings = [meta.source, *meta.sources]
        return (recordings[number], sample / meta.sample_rate) if 0 <= number < len(recordings) else None

    def is_at_home(self, frame: int) -> bool:
        """Return whether a frame is where its recording has it, played forward."""
        sample = frame * self.info.meta.hop_length
        return self.columns[SOURCE:, frame].tolist() == [0, sample, FORWARD]

    def before(self, reference: Reference) -> Cells | None:
        """Return the codes and columns of a reference to compare with, or None when it does not exist."""
        return {"change": self._before_change, "opened": self._opened, "kept": self._kept}[reference]

    def keep(self) -> None:
        """Store the current codes and columns as the "kept" reference."""
        self._kept = self.cells

    def apply(self, event: StrandChanged, buffers: Sequence[npt.NDArray[Any]]) -> Applied:
        """Apply one event. Its buffers are the changed cells, (levels, frames), and the columns of the frames."""
        if event.strand.rev <= self.rev:
            return Applied.STALE
        if event.resized or len(buffers) < 2 or event.strand.rev != self.rev + 1:
            return Applied.REFETCH
        cells, columns = buffers[:2]
        levels, frames = event.levels, event.frames
        if cells.shape != (len(levels), len(frames)) or columns.shape != (ROWS, len(frames)):
            return Applied.REFETCH
        if frames.past > self.frames:
            return Applied.REFETCH
        self._before_change = self.cells
        self.codes[levels.index, frames.index] = cells
        self.columns[:, frames.index] = columns
        self._mark(levels)
        self.info = event.strand
        return Applied.WRITTEN

    def replace(self, info: StrandInfo, codes: npt.NDArray[Any], columns: npt.NDArray[Any]) -> bool:
        """Replace everything by a fetched strand, but keep its references. Returns False when no cell differs."""
        self.info, self._before_change = info, self.cells
        self.codes, self.columns = np.array(codes, dtype=np.uint16), np.array(columns, dtype=np.int32)
        self.changed = np.ones(self.codes.shape, dtype=np.bool_)
        self.versions = [max(self.versions, default=0) + 1] * self.levels
        self._mark(LevelRange(0, self.levels - 1))
        before = self._before_change
        return not (np.array_equal(before.codes, self.codes) and np.array_equal(before.columns, self.columns))

    def _mark(self, levels: LevelRange) -> None:
        opened = self._opened.codes
        known = min(self.frames, int(opened.shape[1]))
        rows = levels.index
        self.changed[rows, :known] = self.codes[rows, :known] != opened[rows, :known]
        for level in levels.numbers:
            self.versions[level] += 1

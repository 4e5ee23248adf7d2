"""How much the cells of a strand surprise its model's prior, as far as the daemon has scored them.

Data flow: `wanted` returns the first visible frame whose score is missing or stale; the caller sends GetSurprise and
passes the answer to `fill`. After an edit the changed cells are unknown, and later ones keep their old score until the
new one arrives, because each cell's score depends on the frames before it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.messages.events import StrandChanged
from protocol.ranges import FrameRange
from tui.model.colours import BINS
from tui.model.grid import StrandGrid

NAME = "surprise"
"""The name of this way to colour cells, beside the qualities of sound."""
UNKNOWN = 255
STEPS_OF_BIT = 10
REACH_FRAMES = 768  # frames after an edit whose score may change; an upper bound, the daemon uses the exact windows
_WORDS = ((2.0, "expected"), (5.0, "plausible"), (8.0, "unusual"), (float("inf"), "surprising"))


class SurpriseMap:
    """Tenths of a bit of each cell, (Q, T) uint8. `rev` is the revision of the strand that it follows.

    `version` increases with every change.
    """

    def __init__(self, grid: StrandGrid) -> None:
        self.rev = grid.rev
        self.tenths: npt.NDArray[np.uint8] = np.full(grid.codes.shape, UNKNOWN, np.uint8)
        self._fresh: npt.NDArray[np.bool_] = np.zeros(grid.frames, np.bool_)
        self.version = 0

    def follow(self, change: StrandChanged) -> bool:
        """Mark what an edit made stale. Returns False if the map cannot follow it."""
        if change.strand.rev != self.rev + 1 or change.resized:
            return False
        self.rev, frames = change.strand.rev, change.frames
        if len(frames):
            self.tenths[change.levels.index, frames.index] = UNKNOWN
            self._fresh[frames.first : frames.past + REACH_FRAMES] = False
            self.version += 1
        return True

    def wanted(self, first: int, past: int) -> int | None:
        """Return the first frame within [first, past) whose score is missing or stale, or None."""
        missing = np.flatnonzero(~self._fresh[first:past])
        return first + int(missing[0]) if len(missing) else None

    def fill(self, frames: FrameRange, tenths: npt.NDArray[Any]) -> None:
        """Take the scores (Q, n) of frames."""
        self.tenths[:, frames.index] = tenths
        self._fresh[frames.index] = True
        self.version += 1

    def words(self, level: int, frame: int) -> str:
        """Return the score of a cell, as in `0.3 bits: expected`; "" while it is unknown."""
        tenths = int(self.tenths[level, frame])
        if tenths == UNKNOWN:
            return ""
        bits = tenths / STEPS_OF_BIT
        return f"{bits:.1f} bits: {next(word for most, word in _WORDS if bits < most)}"

    def bins(self, level: int, first: int, columns: int, zoom: int) -> npt.NDArray[np.uint8]:
        """Return the bin of each of up to `columns` cells of `zoom` frames, one for each bit, or BINS where unknown.

        A cell of several frames has their mean.
        """
        part = self.tenths[level, first : first + columns * zoom]
        known = part != UNKNOWN
        bits = np.where(known, part, 0) / STEPS_OF_BIT
        if zoom > 1 and len(part):
            starts = np.arange(0, len(part), zoom)
            count = np.add.reduceat(known.astype(np.int32), starts)
            bits = np.add.reduceat(bits, starts) / np.maximum(count, 1)
            known = count > 0
        return np.where(known, np.minimum(bits, BINS - 1), BINS).astype(np.uint8)

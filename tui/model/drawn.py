"""Cells of an edit that the engine is still drawing, as the editor shows them before the edit is made.

Data flow: CellsDrawn events of this client's own edits are added; nothing here changes a grid. The first event, which
has no frames, says which cells will change. The object is dropped when the edit is answered.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.messages.events import CellsDrawn
from protocol.strands import Codes


class DrawnCells:
    """The cells of one edit: which will change, and the codes of the first `count` frames."""

    def __init__(self, event: CellsDrawn, free: npt.NDArray[Any]) -> None:
        self.cause, self.levels, self.frames = event.cause, event.levels, event.whole
        shape = (len(self.levels), len(self.frames))
        self._free = free > 0 if free.shape == shape else np.ones(shape, np.bool_)
        self._codes: Codes = np.zeros(shape, np.uint16)
        self.count = 0

    def take(self, event: CellsDrawn, codes: npt.NDArray[Any]) -> None:
        """Add frames. Those that do not follow the last ones are ignored: an event was lost."""
        at = event.frames.first - self.frames.first
        past = at + codes.shape[1]
        if at == self.count and past <= len(self.frames) and codes.shape[0] == len(self.levels):
            self._codes[:, at:past] = codes
            self.count = past

    def key(self, level: int) -> int:
        """Return what changes how a level looks: the number of frames drawn, or -1 if the level does not change."""
        return self.count if level in self.levels else -1

    def over(self, row: npt.NDArray[Any], level: int) -> npt.NDArray[Any]:
        """Return the codes (T,) of a level with those that were drawn."""
        row = row.copy()
        here = row[self.frames.index]
        done = self._free[level - self.levels.first, : len(here)].copy()
        done[self.count :] = False
        here[done] = self._codes[level - self.levels.first, : len(here)][done]
        return row

    def masks(self, level: int, length: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return which of a level's frames, (T,), are drawn, and which will be."""
        masks = np.zeros(length, np.bool_), np.zeros(length, np.bool_)
        free = self._free[level - self.levels.first]
        for mask, part in zip(masks, (slice(0, self.count), slice(self.count, None)), strict=True):
            here = mask[self.frames.index][part]
            here[:] = free[part][: len(here)]
        return masks

    def words(self) -> str:
        """Return how far the drawing is, as in `12 of 40 frames drawn`."""
        return f"{self.count} of {len(self.frames)} frames drawn"


def drawn_by(event: CellsDrawn, buffers: Sequence[npt.NDArray[Any]], known: DrawnCells | None) -> DrawnCells | None:
    """Return the drawn cells after an event; None for an edit whose first event was not seen."""
    if not len(event.frames) and len(buffers) > 1:
        return DrawnCells(event, buffers[1])
    if known is None or known.cause != event.cause:
        return None
    known.take(event, buffers[0])
    return known

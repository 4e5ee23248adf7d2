"""What one pane of code cells shows, and the look of each cell as a number.

A look is a bin, or muted, or unknown; a mark (changed 1, selected 2); and a cursor (1 here, 2 in the other pane).
tui.widgets.code_grid turns looks into styles.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocol.ranges import Rect
from tui.model.colours import BINS
from tui.model.cursor import Cursor
from tui.model.drawn import DrawnCells
from tui.model.grid import StrandGrid
from tui.model.surprise import SurpriseMap
from tui.model.zoom import any_of, cells_of

MUTED_AT, UNKNOWN, MARK_AT = BINS, 2 * BINS, 2 * BINS + 1
CURSOR_AT = 4 * MARK_AT


@dataclass(frozen=True)
class GridView:
    """Everything that changes a pixel of a grid, except the codes."""

    grid: StrandGrid
    bins: npt.NDArray[np.uint8]
    bins_key: str
    first_frame: int
    first_level: int
    cursor: Cursor
    rect: Rect | None
    focused: bool
    muted: frozenset[int]
    tall: int = 1
    """Rows per level; names and marks are in the first row."""
    zoom: int = 1
    """The number of frames in one cell."""
    palette: str = "cividis"
    surprise: SurpriseMap | None = None
    """What colours the cells in place of their codes."""
    drawn: DrawnCells | None = None
    """Cells that the engine is drawing."""

    def looks(self, level: int, width: int) -> npt.NDArray[np.int32]:
        """Return the look of up to `width` cells of a level, without selection and cursor."""
        first, zoom = self.first_frame, self.zoom
        row, changed = self.grid.codes[level], self.grid.changed[level]
        hidden = None
        if self.drawn is not None and level in self.drawn.levels:
            done, hidden = self.drawn.masks(level, len(row))
            row, changed = self.drawn.over(row, level), changed | done
            hidden = any_of(hidden if self.surprise is None else hidden | done, first, width, zoom)
        if self.surprise is None:
            codes, bins = cells_of(row, first, width, zoom), self.bins[level]
            looks = bins[np.minimum(codes, len(bins) - 1)].astype(np.int32)
        else:
            looks = self.surprise.bins(level, first, width, zoom).astype(np.int32)
        is_unknown = looks == BINS
        if hidden is not None:
            is_unknown |= hidden
        looks += MUTED_AT if level in self.muted else 0
        looks[is_unknown] = UNKNOWN
        return looks + any_of(changed, first, width, zoom) * np.int32(MARK_AT)

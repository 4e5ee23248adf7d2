"""The state of the Codebook screen without Textual: codes of one level in an order, a cursor, and uses of a code."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.ranges import FrameRange
from tui.model.atlas import CodeAtlas, Colours
from tui.model.colours import BINS
from tui.model.grid import StrandGrid

CELL = 6
"""Columns of a cell: a mark, the code number and a space."""


@dataclass
class Codebook:
    """The level, cursor and page shown. The cursor is a position in the order, so it stays when the order changes."""

    codec: str = ""
    level: int = 0
    place: int = 0
    columns: int = 12
    rows: int = 16

    def move(self, dx: int, dy: int, codes: int) -> None:
        """Move the cursor `dx` cells right and `dy` cells down."""
        self.place = min(max(0, self.place + dx + dy * self.columns), max(0, codes - 1))

    @property
    def first_row(self) -> int:
        """The first row shown. The view moves by whole pages and does not scroll."""
        return self.place // self.columns // max(1, self.rows) * self.rows


def order_of(colours: Colours, level: int, codes: int) -> npt.NDArray[np.int64]:
    """Return the codes of a level in the order of the colours, or by number while the colours are unknown."""
    if colours.ranks is None or level >= len(colours.ranks):
        return np.arange(codes)
    return np.argsort(colours.ranks[level])


def heat_of(usage: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return how much each code of a level is used, as a logarithmic bin in [0, BINS); 0 is never."""
    most = max(1, int(usage.max(initial=0)))
    heat = np.log1p(usage) / np.log1p(most) * (BINS - 1)
    return np.where(usage > 0, np.maximum(1, np.round(heat)), 0).astype(np.uint8)


def use_in(grids: list[StrandGrid], level: int, codes: int) -> npt.NDArray[np.int64]:
    """Count how often each code of a level occurs in the given strands."""
    counts = np.zeros(codes, np.int64)
    for grid in grids:
        if level < grid.levels:
            counts += np.bincount(grid.codes[level], minlength=codes)[:codes]
    return counts


def next_use(grid: StrandGrid, level: int, code: int, after: int) -> int | None:
    """Return the next frame after `after` with a code on a level. The search wraps at the end; None: not used."""
    places = np.flatnonzero(grid.codes[level] == code)
    if not len(places):
        return None
    return int(places[np.searchsorted(places, after + 1) % len(places)])


def with_code(grid: StrandGrid, level: int, code: int, frames: FrameRange) -> npt.NDArray[np.uint16]:
    """Return a copy of the strand's codes with one code written into frames of a level, to be played."""
    codes = grid.codes.copy()
    codes[level, frames.index] = code
    return codes


def mark_of(atlas: CodeAtlas | None, level: int, code: int, descriptor: str) -> str:
    """Return the mark of a code: `*` for a label, `?` when the shown descriptor is unknown for it, else a space."""
    if atlas is None:
        return " "
    if atlas.label(level, code):
        return "*"
    measured = atlas.is_ready and descriptor in atlas.info.descriptors
    return "?" if measured and not atlas.is_known(level, code, descriptor) else " "

"""The Codebook screen without a screen: codes of one level in an order, a cursor among them, and where one is used."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.ranges import FrameRange
from tui.model.atlas import CodeAtlas, Colours
from tui.model.colours import BINS
from tui.model.grid import StrandGrid

CELL = 6
"""Columns of a cell: mark, code number, space."""


@dataclass
class Codebook:
    """Where one is. The cursor is a place in the order, so that it stays put when the order changes under it."""

    codec: str = ""
    level: int = 0
    place: int = 0
    columns: int = 12
    rows: int = 16

    def move(self, dx: int, dy: int, codes: int) -> None:
        """Go so many cells right and down."""
        self.place = min(max(0, self.place + dx + dy * self.columns), max(0, codes - 1))

    @property
    def first_row(self) -> int:
        """The first row shown: pages turn, nothing scrolls."""
        return self.place // self.columns // max(1, self.rows) * self.rows


def order_of(colours: Colours, level: int, codes: int) -> npt.NDArray[np.int64]:
    """Codes of a level from least to most of what colours show; by number while that is not known."""
    if colours.ranks is None or level >= len(colours.ranks):
        return np.arange(codes)
    return np.argsort(colours.ranks[level])


def heat_of(usage: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """How much each code of a level is used, in [0, BINS): logarithmic, 0 for never."""
    most = max(1, int(usage.max(initial=0)))
    heat = np.log1p(usage) / np.log1p(most) * (BINS - 1)
    return np.where(usage > 0, np.maximum(1, np.round(heat)), 0).astype(np.uint8)


def use_in(grids: list[StrandGrid], level: int, codes: int) -> npt.NDArray[np.int64]:
    """How often each code of a level stands in some strands."""
    counts = np.zeros(codes, np.int64)
    for grid in grids:
        if level < grid.levels:
            counts += np.bincount(grid.codes[level], minlength=codes)[:codes]
    return counts


def next_use(grid: StrandGrid, level: int, code: int, after: int) -> int | None:
    """The next frame after one, going round, in which a code stands on a level."""
    places = np.flatnonzero(grid.codes[level] == code)
    if not len(places):
        return None
    return int(places[np.searchsorted(places, after + 1) % len(places)])


def with_code(grid: StrandGrid, level: int, code: int, frames: FrameRange) -> npt.NDArray[np.uint16]:
    """The strand's codes with one written into some frames of a level: what an audition plays."""
    codes = grid.codes.copy()
    codes[level, frames.index] = code
    return codes


def mark_of(atlas: CodeAtlas | None, level: int, code: int, descriptor: str) -> str:
    """`*` a labelled code, `?` one of which the descriptor shown is unknown, a space for the others."""
    if atlas is None:
        return " "
    if atlas.label(level, code):
        return "*"
    measured = atlas.is_ready and descriptor in atlas.info.descriptors
    return "?" if measured and not atlas.is_known(level, code, descriptor) else " "

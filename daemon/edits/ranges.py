"""From what an edit says to levels and frames that exist, and the changes made there."""

from dataclasses import dataclass
from shlex import quote

import numpy as np

from daemon.edits.values import Change, Grid
from protocol.edits import Edit, format_levels
from protocol.errors import AlleleError
from protocol.strands import Codes


@dataclass(frozen=True)
class Cells:
    """Levels [top, bottom) and frames [lo, hi)."""

    top: int
    bottom: int
    lo: int
    hi: int

    @property
    def height(self) -> int:
        """How many levels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """How many frames."""
        return self.hi - self.lo


def cells_of(edit: Edit, grid: Grid) -> Cells:
    """The cells an edit names; everything by default.

    Raises:
        AlleleError: E_RANGE when they do not all exist.
    """
    top, last = edit.levels if edit.levels is not None else (0, grid.levels - 1)
    first, past = edit.frames if edit.frames is not None else (None, None)
    lo, hi = first or 0, grid.frames if past is None else past
    if last >= grid.levels:
        raise AlleleError(
            "E_RANGE",
            f"level {last} does not exist: {grid.name} has levels 0 to {grid.levels - 1}",
            hint=f"write {format_levels(min(top, grid.levels - 1), grid.levels - 1)}",
        )
    if lo >= grid.frames or hi > grid.frames:
        raise AlleleError(
            "E_RANGE",
            f"frames @{lo}:{hi} do not exist: {grid.name} has frames 0 to {grid.frames - 1}",
            hint=f"write @{min(lo, max(0, grid.frames - 1))}:{grid.frames}",
        )
    return Cells(top, last + 1, lo, hi)


def same_codec(grid: Grid, name: str, model: str, codec_id: str) -> None:
    """Refuse to mix codes of different models: the same number means another sound.

    Raises:
        AlleleError: E_WRONG_MODEL.
    """
    if grid.codec_id != codec_id:
        raise AlleleError(
            "E_WRONG_MODEL",
            f"{grid.name} was made with model {grid.model}, {name} with model {model}: their codes mean other sounds",
            hint=f"encode the other sound again: allele encode FILE --model {quote(grid.model)}",
        )


def cut(grid: Grid, cells: Cells) -> Codes:
    """The codes of some cells, a view."""
    return grid.codes[cells.top : cells.bottom, cells.lo : cells.hi]


def change_of(grid: Grid, cells: Cells, after: Codes) -> Change:
    """The change that puts `after` in the place of some cells."""
    return Change(
        strand=grid.id,
        level_lo=cells.top,
        frame_lo=cells.lo,
        before=cut(grid, cells).copy(),
        after=after.astype(np.uint16, copy=True),
    )

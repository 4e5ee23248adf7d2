"""Converts the levels and frames of an edit to ranges that exist, and creates changes of their cells."""

from shlex import quote

import numpy as np

from daemon.edits.values import Change, Grid
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes


def levels_of(edit: Edit, grid: Grid) -> LevelRange:
    """The levels that an edit names, by default all. They may not all exist."""
    return edit.levels if edit.levels is not None else LevelRange(0, grid.levels - 1)


def frames_of(edit: Edit, grid: Grid) -> FrameRange:
    """The frames that an edit names, by default all. They may not all exist."""
    return FrameRange(0, grid.frames) if edit.frames is None else edit.frames.until(grid.frames)


def check_levels(levels: LevelRange, grid: Grid) -> LevelRange:
    """Return the levels if all of them exist.

    Raises:
        AlleleError: E_RANGE if one does not.
    """
    if levels.last >= grid.levels:
        raise AlleleError(
            "E_RANGE",
            f"level {levels.last} does not exist: {grid.meta.name} has levels 0 to {grid.levels - 1}",
            hint=f"write {levels.inside(grid.levels)}",
        )
    return levels


def cells_of(edit: Edit, grid: Grid) -> Rect:
    """The cells that an edit names, by default all.

    Raises:
        AlleleError: E_RANGE if they do not all exist.
    """
    levels, frames = check_levels(levels_of(edit, grid), grid), frames_of(edit, grid)
    if frames.first >= grid.frames or frames.past > grid.frames:
        raise AlleleError(
            "E_RANGE",
            f"frames {frames} do not exist: {grid.meta.name} has frames 0 to {grid.frames - 1}, "
            f"{grid.frames / grid.meta.frame_rate:.2f} s",
            hint=f"write @{min(frames.first, max(0, grid.frames - 1))}:{grid.frames}",
        )
    return Rect(levels, frames)


def same_codec(grid: Grid, name: str, model: str, codec_id: str) -> None:
    """Check that codes are of the grid's model, because the same number is another sound in another model.

    Raises:
        AlleleError: E_WRONG_MODEL if they are not.
    """
    mine = grid.meta
    if mine.codec_id != codec_id:
        raise AlleleError(
            "E_WRONG_MODEL",
            f"{mine.name} was made with model {mine.model}, {name} with model {model}: the same code is another sound",
            hint=f"encode the other sound again: allele encode FILE --model {quote(mine.model)}",
        )


def cut(grid: Grid, cells: Rect) -> Codes:
    """A view of the codes of a rectangle of cells."""
    return grid.codes[cells.index]


def change_of(grid: Grid, cells: Rect, after: Codes) -> Change:
    """The change that replaces a rectangle of cells by `after`."""
    return Change(
        strand=grid.id,
        level_lo=cells.levels.first,
        frame_lo=cells.frames.first,
        before=cut(grid, cells).copy(),
        after=after.astype(np.uint16, copy=True),
    )

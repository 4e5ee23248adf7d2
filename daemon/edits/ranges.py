"""Converts the levels and frames of an edit to ranges that exist, and creates changes of their cells."""

from shlex import quote

import numpy as np
import numpy.typing as npt

from daemon.edits.arguments import word
from daemon.edits.values import Change, ColumnChange, Grid
from protocol.columns import LEVEL, Columns, renumbered
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import LEVELS, OPS
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes, Source, with_sources


def levels_of(edit: Edit, grid: Grid) -> LevelRange:
    """The levels that an edit names, by default all that its operation changes then. They may not all exist."""
    first = 1 if OPS[edit.op].spares_body and grid.levels > 1 else 0
    return edit.levels if edit.levels is not None else LevelRange(first, grid.levels - 1)


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


def columns_of(grid: Grid, cells: Rect) -> Columns:
    """A view of the columns of a rectangle's frames."""
    return grid.columns[:, cells.frames.index]


def recordings_of(grid: Grid) -> list[Source]:
    """The recordings that the columns of a grid number from 0 on."""
    return [grid.meta.source, *grid.meta.sources]


def change_of(
    grid: Grid, cells: Rect, after: Codes, columns: Columns | None = None, recordings: list[Source] | None = None
) -> Change:
    """The change that replaces a rectangle of cells by `after`.

    Args:
        columns: the frames' new levels and sources. They only apply if the rectangle includes level 0, the body, whose
            level and source they are.
        recordings: what the columns number, if it is not what the grid's own columns number.
    """
    changed = None
    if columns is not None and cells.levels.first == 0:
        before = columns_of(grid, cells).copy()
        meta, after_columns = grid.meta, columns.astype(np.int32, copy=True)
        if recordings is not None:
            meta, after_columns = with_sources(grid.meta, recordings, after_columns)
        if not np.array_equal(before, after_columns):
            changed = ColumnChange(
                before=before, after=after_columns, sources_before=grid.meta.sources, sources_after=meta.sources
            )
    return Change(
        strand=grid.id,
        level_lo=cells.levels.first,
        frame_lo=cells.frames.first,
        before=cut(grid, cells).copy(),
        after=after.astype(np.uint16, copy=True),
        columns=changed,
    )


def merged(
    grid: Grid, mine: Columns, theirs: Columns, recordings: list[Source], is_theirs: npt.NDArray[np.bool_]
) -> tuple[Columns, list[Source]]:
    """Columns of which some frames, (n,) bool, come from elsewhere, and the recordings that they number.

    Args:
        mine, theirs: (4, n), numbered by the grid's recordings and by `recordings`.
    """
    own = recordings_of(grid)
    numbers = [len(own) + number for number in range(len(recordings))]
    return np.where(is_theirs, renumbered(theirs, numbers), mine), [*own, *recordings]


def arriving(edit: Edit, columns: Columns, replaced: Columns) -> Columns:
    """The columns of frames that come from elsewhere, with their own level or, for level=match, the replaced one's.

    Raises:
        AlleleError: E_BAD_EDIT for another word.
    """
    if word(edit, "level", LEVELS) == "own":
        return columns
    matched = columns.copy()
    matched[LEVEL] = replaced[LEVEL]
    return matched

"""Descriptions of cells and selections in words, so that colour is never needed to understand the screen."""

from pathlib import PurePath

import numpy as np

from protocol.columns import BACKWARD, DIRECTION
from protocol.ranges import Rect
from protocol.strands import Source
from tui.model.atlas import CodeAtlas
from tui.model.cursor import Cursor
from tui.model.grid import StrandGrid


def level_name(level: int, levels: int) -> str:
    """Name a level: `0 body` carries most of the sound, the last one, `7 air`, only detail; others are numbers."""
    if level == 0:
        return f"{level} body"
    return f"{level} air" if level == levels - 1 and levels > 2 else f"{level}"


def describe_cell(
    grid: StrandGrid,
    cursor: Cursor,
    atlas: CodeAtlas | None,
    other: StrandGrid | None,
    other_name: str,
    surprise: str = "",
) -> str:
    """Describe the cell at the cursor: position, time, code, rank, use, history, and uses in the other strand.

    `surprise`: how much it surprises the model's prior, in words, "" if that is not shown.
    """
    level, frame = cursor.level, cursor.frame
    code = int(grid.codes[level, frame])
    does = "" if atlas is None else atlas.words(level, code)
    label = "" if atlas is None else atlas.label(level, code)
    named = f"code {code}" + (f" {label!r}" if label else "") + (f": {does}" if does else f" of {grid.codebook}")
    came_from = None if grid.is_at_home(frame) else grid.source_at(frame)
    moved = [] if came_from is None else [source_words(grid, frame, *came_from)]
    parts = [f"q{level}", f"frame {frame} ({grid.seconds(frame):.2f} s)", *filter(None, [surprise]), *moved, named]
    used = int(np.count_nonzero(grid.codes[level] == code))
    parts.append("used once" if used == 1 else f"used {used} ×")
    before = grid.opened_code(level, frame)
    if grid.changed[level, frame]:
        parts.append("new" if before is None else f"changed from {before}")
    if other is not None and other is not grid and level < other.levels:
        places = np.flatnonzero(other.codes[level] == code)
        if len(places) and other.info.meta.codec_id == grid.info.meta.codec_id:
            nearest = int(places[np.argmin(np.abs(places - frame))])
            parts.append(f"in {other_name} at {other.seconds(nearest):.2f} s")
    return " · ".join(parts)


def source_words(grid: StrandGrid, frame: int, recording: Source, time_s: float) -> str:
    """Describe where a frame came from, as in `from kick at 0.42 s, backwards`."""
    name = PurePath(recording.path).stem or grid.name
    is_backward = int(grid.columns[DIRECTION, frame]) == BACKWARD
    return f"from {name} at {time_s:.2f} s" + (", backwards" if is_backward else "")


def describe_rect(rect: Rect, grid: StrandGrid) -> str:
    """Describe a rectangle, as in `q0-1 @48:64  2 × 16 cells  0.34 s`."""
    return f"{rect}  {rect.height} × {rect.width} cells  {grid.seconds(rect.width):.2f} s"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 edit`, `3 edits`."""
    return f"{count} {one if count == 1 else (many or one + 's')}"

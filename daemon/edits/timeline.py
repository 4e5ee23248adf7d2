"""The operations `shift`, `reverse`, `stretch`, `repeat` and `mirror`, which rearrange frames in time.

`shift` and `reverse` keep the length and apply to any levels. The others change the length, on all levels at once. Only
`stretch` needs a model, for the frames between frames.
"""

import numpy as np

from daemon.edits.answers import as_codes
from daemon.edits.arguments import real, whole
from daemon.edits.lengths import LONG_FRAMES, check_length, resizable
from daemon.edits.ranges import cells_of, change_of, columns_of, cut
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.columns import Columns, reversed_in_time
from protocol.edits import Edit
from protocol.ranges import FrameRange, Rect
from protocol.strands import Codes

FARTHEST = 64.0
MOST_COPIES = 10_000


def shift(edit: Edit, grid: Grid) -> Step:
    """Rotate the frames inside the range."""
    frames = whole(edit.args[0], "a shift in frames")
    cells = cells_of(edit, grid)
    codes, columns = np.roll(cut(grid, cells), frames, axis=1), np.roll(columns_of(grid, cells), frames, axis=1)
    return Outcome(changes=[change_of(grid, cells, codes, columns)])


def reverse(edit: Edit, grid: Grid) -> Step:
    """Reverse the frames of the range in time."""
    cells = cells_of(edit, grid)
    columns = reversed_in_time(columns_of(grid, cells))
    return Outcome(changes=[change_of(grid, cells, cut(grid, cells)[:, ::-1], columns)])


def stretch(edit: Edit, grid: Grid) -> Step:
    """Replace the range by `factor` times as many frames, computed by the model between the old ones."""
    factor = real(edit.args[0], "FACTOR", 1 / FARTHEST, FARTHEST)
    cells = resizable(edit, grid)
    width = int(np.floor(cells.width * factor + 0.5))
    check_length(edit, grid, grid.frames - cells.width + width)
    mine, columns = cut(grid, cells), columns_of(grid, cells)[:, nearest_frames(cells.width, width)]
    if width in (0, cells.width):
        return Outcome(changes=[change_of(grid, cells, mine[:, :width], columns)])
    return Computation(
        kind="stretch",
        settings={"frames": width},
        inputs=(mine,),
        finish=lambda answer: Outcome(
            changes=[change_of(grid, cells, as_codes(answer, (grid.levels, width), grid), columns)],
        ),
        is_long=max(width, cells.width) > LONG_FRAMES,
    )


def repeat(edit: Edit, grid: Grid) -> Step:
    """Insert copies after the range, which is then played N + 1 times."""
    copies = whole(edit.args[0], "a number of copies", 1, MOST_COPIES)
    cells = resizable(edit, grid)
    check_length(edit, grid, grid.frames + copies * cells.width)
    return _insert(grid, cells, np.tile(cut(grid, cells), copies), np.tile(columns_of(grid, cells), copies))


def mirror(edit: Edit, grid: Grid) -> Step:
    """Insert the reversed range after it. The frame in the middle occurs twice."""
    cells = resizable(edit, grid)
    check_length(edit, grid, grid.frames + cells.width)
    return _insert(grid, cells, cut(grid, cells)[:, ::-1], reversed_in_time(columns_of(grid, cells)))


def nearest_frames(have: int, want: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The index of one of `have` frames for each of `want` frames, (want,), at the same relative position."""
    return ((2 * np.arange(want, dtype=np.int64) + 1) * have) // (2 * max(want, 1))


def _insert(grid: Grid, cells: Rect, frames: Codes, columns: Columns) -> Step:
    after = Rect(cells.levels, FrameRange(cells.frames.past, cells.frames.past))
    return Outcome(changes=[change_of(grid, after, frames, columns)])

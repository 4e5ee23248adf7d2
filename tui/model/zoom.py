"""Several frames in one cell: which code stands for them, and how far one can zoom.

A zoomed cell shows the code that is most frequent among its frames, the earlier one where two are; of more than SEEN
frames that many are looked at, evenly spread. So a cell of a long strand is a sample, and the header says how many
frames stand in it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

SEEN = 16


def cells_of(row: npt.NDArray[Any], first: int, columns: int, zoom: int) -> npt.NDArray[Any]:
    """What stands in up to `columns` cells of `zoom` frames each, from frame `first` on.

    Args:
        row: (T,) codes of one level.

    Returns:
        (n,) of the same kind, n ≤ columns; the last cell may hold fewer frames.
    """
    part = row[first : first + columns * zoom]
    if zoom == 1 or not len(part):
        return part
    cells = -(-len(part) // zoom)
    starts = np.arange(cells) * zoom
    lengths = np.minimum(len(part) - starts, zoom)
    steps = np.arange(min(SEEN, zoom))
    seen = part[starts[:, None] + steps * lengths[:, None] // len(steps)]
    counts = (seen[:, :, None] == seen[:, None, :]).sum(axis=2)
    return seen[np.arange(cells), counts.argmax(axis=1)]


def any_of(row: npt.NDArray[np.bool_], first: int, columns: int, zoom: int) -> npt.NDArray[np.bool_]:
    """Whether any frame of each cell is marked."""
    part = row[first : first + columns * zoom]
    if zoom == 1 or not len(part):
        return part
    return np.logical_or.reduceat(part, np.arange(0, len(part), zoom))


def largest_of(row: npt.NDArray[np.float32], first: int, columns: int, zoom: int) -> npt.NDArray[np.float32]:
    """The largest known value of each cell, NaN where nothing is known."""
    part = row[first : first + columns * zoom]
    if zoom == 1 or not len(part):
        return part
    return np.fmax.reduceat(part, np.arange(0, len(part), zoom))


def whole(frames: int, columns: int) -> int:
    """Frames in a cell at which all of a strand is on the page."""
    return max(1, -(-frames // max(1, columns)))


def zoomed_out(zoom: int, frames: int, columns: int) -> int:
    """The next coarser zoom: twice as many frames in a cell, or all of the strand on the page."""
    return min(2 * zoom, whole(frames, columns)) if zoom < whole(frames, columns) else zoom


def zoomed_in(zoom: int) -> int:
    """The next finer zoom, a power of two: 1 is one frame in a cell."""
    return 1 << max(0, (zoom - 1).bit_length() - 1)


def words_of(zoom: int) -> str:
    """For the header; "" for one frame in a cell."""
    return "" if zoom == 1 else f"1 cell = {zoom} frames"

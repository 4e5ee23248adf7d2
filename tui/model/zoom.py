"""Zoom: which code represents several frames in one cell, and how far the view can zoom.

A zoomed cell shows the most frequent code of its frames, and the earlier one of two equally frequent ones. If a cell
has more than SEEN frames, only SEEN of them, evenly spaced, are counted, so the result is an estimate. The header shows
how many frames a cell represents.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

SEEN = 16


def cells_of(row: npt.NDArray[Any], first: int, columns: int, zoom: int) -> npt.NDArray[Any]:
    """Return the codes of up to `columns` cells of `zoom` frames each, from frame `first` on.

    Args:
        row: (T,) codes of one level.

    Returns:
        (n,) of the same dtype, n ≤ columns. The last cell may have fewer frames.
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
    """Return for each cell whether any of its frames is marked."""
    part = row[first : first + columns * zoom]
    if zoom == 1 or not len(part):
        return part
    return np.logical_or.reduceat(part, np.arange(0, len(part), zoom))


def largest_of(row: npt.NDArray[np.float32], first: int, columns: int, zoom: int) -> npt.NDArray[np.float32]:
    """Return the largest known value of each cell, NaN where all are unknown."""
    part = row[first : first + columns * zoom]
    if zoom == 1 or not len(part):
        return part
    return np.fmax.reduceat(part, np.arange(0, len(part), zoom))


def whole(frames: int, columns: int) -> int:
    """Return the zoom, in frames per cell, at which a whole strand fits on the page."""
    return max(1, -(-frames // max(1, columns)))


def zoomed_out(zoom: int, frames: int, columns: int) -> int:
    """Return the next coarser zoom: twice as many frames per cell, at most the whole strand on the page."""
    return min(2 * zoom, whole(frames, columns)) if zoom < whole(frames, columns) else zoom


def zoomed_in(zoom: int) -> int:
    """Return the next finer zoom, a power of two; 1 is one frame per cell."""
    return 1 << max(0, (zoom - 1).bit_length() - 1)


def words_of(zoom: int) -> str:
    """Return the zoom as text for the header; "" for one frame per cell."""
    return "" if zoom == 1 else f"1 cell = {zoom} frames"

"""The whole strand in one line of plain characters: the page, the cursor, marks, changes and the playhead.

`-` are frames off the page, `=` frames on the page, `*` changed cells, a letter is a mark, `v` the playhead and `+`
the cursor. Where two coincide, the later one in this list is shown.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

LEAST, MOST = 12, 120  # columns


def overview(
    changed: npt.NDArray[np.bool_],
    columns: int,
    page: tuple[int, int],
    cursor: int,
    marks: Mapping[str, int],
    playhead: int | None,
) -> str:
    """Return a strand as a line of `columns` characters.

    Args:
        changed: (Q, T), whether each cell changed since the strand was opened.
        page: the frames on screen, half-open.
        cursor, playhead: frames.
        marks: frame by letter.
    """
    frames = changed.shape[1]
    columns = min(columns, frames)
    starts = np.arange(columns) * frames // columns
    cells = np.full(columns, "-", dtype="<U1")
    cells[_column(page[0], frames, columns) : _column(page[1] - 1, frames, columns) + 1] = "="
    cells[np.logical_or.reduceat(changed.any(axis=0), starts)] = "*"
    for letter, frame in marks.items():
        if frame < frames:
            cells[_column(frame, frames, columns)] = letter
    if playhead is not None and playhead < frames:
        cells[_column(playhead, frames, columns)] = "v"
    cells[_column(cursor, frames, columns)] = "+"
    return "".join(cells.tolist())


def _column(frame: int, frames: int, columns: int) -> int:
    """Return the last column that begins at or before a frame."""
    return min(columns - 1, ((min(max(0, frame), frames - 1) + 1) * columns - 1) // frames)

"""The whole strand in one line of plain characters: where the page is, the cursor, marks, changes and the playhead.

`-` frames off the page, `=` frames on it, `*` something changed there, a letter a mark, `v` the playhead, `+` the
cursor; where two meet the later in this list is shown.
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
    """A strand in `columns` characters.

    Args:
        changed: (Q, T). page: frames on screen, half-open. marks: letter to frame.
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
    """The last column that begins at or before a frame."""
    return min(columns - 1, ((min(max(0, frame), frames - 1) + 1) * columns - 1) // frames)

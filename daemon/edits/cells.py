"""The operations `set` and `paint`, which write codes by number."""

import numpy as np

from daemon.edits.arguments import code_number
from daemon.edits.ranges import cells_of, change_of, columns_of, cut
from daemon.edits.values import Grid, Outcome, Step
from protocol.columns import painted
from protocol.edits import Edit
from protocol.errors import AlleleError

KEEP = "."
MOST_STROKES = 4096  # 87 s; limited because the text of an edit is stored with the strand


def set_code(edit: Edit, grid: Grid) -> Step:
    """Write one code into all cells of the range."""
    code = code_number(edit.args[0], grid.meta.codebook)
    cells = cells_of(edit, grid)
    columns = painted(columns_of(grid, cells))
    return Outcome(changes=[change_of(grid, cells, np.full_like(cut(grid, cells), code), columns)])


def paint(edit: Edit, grid: Grid) -> Step:
    """Write a list of codes along time from the first frame on, the same on every level of the range.

    A list that is longer than the range is cropped, which a note reports. A shorter one does not change the remaining
    frames.
    """
    strokes = edit.args[0].split(",")
    if len(strokes) > MOST_STROKES:
        raise AlleleError(
            "E_BAD_EDIT",
            f"{len(strokes)} codes in one stroke are too many",
            hint=f"at most {MOST_STROKES}; flood repeats",
        )
    codes = [
        None if stroke == KEEP else code_number(stroke, grid.meta.codebook, "a painted code") for stroke in strokes
    ]
    if all(code is None for code in codes):
        raise AlleleError("E_BAD_EDIT", "there is no code to paint", hint="as in: paint 17,17,.,4 q0 @3:")
    cells = cells_of(edit, grid)
    width = min(len(codes), cells.width)
    notes = [f"{len(codes)} codes were given, {width} fit"] if width < len(codes) else []
    target = cells.first_frames(width)
    after, columns = cut(grid, target).copy(), columns_of(grid, target).copy()
    drawn = painted(columns)
    for frame, code in enumerate(codes[:width]):
        if code is not None:
            after[:, frame] = code
            columns[:, frame] = drawn[:, frame]
    return Outcome(changes=[change_of(grid, target, after, columns)], notes=notes)

"""The operation `regenerate`: fill a selection with new cells that the prior draws, so that both sides fit.

Data flow: the selection and the frames around it go to the engine, which draws candidates and returns the selection's
cells. Locked levels and levels outside the selection are given to the prior, so what it draws fits them. Frames whose
body is drawn have no recording any more; their level stays.
"""

import numpy as np

from daemon.edits.answers import as_codes
from daemon.edits.arguments import real, seed_of
from daemon.edits.ranges import cells_of, change_of, columns_of
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.columns import painted
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange

AROUND_FRAMES = 192
"""Frames on either side that the prior hears, 4.1 s."""
MOST_FRAMES = 1500
"""Frames at once, half a minute of sound and of computing."""


def regenerate(edit: Edit, grid: Grid) -> Step:
    """Draw the cells of the selection again; the best of several drawings by how well it joins both sides."""
    creativity = real(edit.options.get("creativity", "0.5"), "creativity", 0, 1)
    focus = real(edit.options.get("focus", "0.5"), "focus", 0, 1)
    seed = seed_of(edit)
    cells = cells_of(edit, grid)
    if cells.width > MOST_FRAMES:
        raise AlleleError(
            "E_RANGE",
            f"regenerate draws at most {MOST_FRAMES} frames at once, not {cells.width}",
            hint=f"name fewer, as in @{cells.frames.first}:{cells.frames.first + MOST_FRAMES}",
        )
    around = FrameRange(max(0, cells.frames.first - AROUND_FRAMES), min(grid.frames, cells.frames.past + AROUND_FRAMES))
    free = [str(level) for level in cells.levels.numbers if level not in grid.locked]

    def finish(answer: Array) -> Outcome:
        after = as_codes(answer, (grid.levels, cells.width), grid)[cells.levels.index]
        columns = columns_of(grid, cells)
        if 0 in cells.levels.numbers and 0 not in grid.locked:
            columns = painted(columns)
        return Outcome(changes=[change_of(grid, cells, after, columns)])

    return Computation(
        kind=edit.op,
        settings={
            "first": cells.frames.first - around.first,
            "past": cells.frames.past - around.first,
            "levels": " ".join(free),
            "creativity": creativity,
            "focus": focus,
            "seed": seed,
        },
        inputs=(np.ascontiguousarray(grid.codes[:, around.index]),),
        finish=finish,
        is_long=True,
        needs_prior=True,
    )

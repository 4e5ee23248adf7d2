"""The operation `regenerate`: fill a selection with new cells that the prior draws, so that both sides fit.

Data flow: the selection and the frames around it go to the engine, which draws candidates and returns the selection's
cells. Locked levels and levels outside the selection are given to the prior, so what it draws fits them. Frames whose
body is drawn have no recording any more; their level stays.
"""

import numpy as np

from daemon.edits.answers import as_codes
from daemon.edits.arguments import real, seed_of
from daemon.edits.ranges import cells_of, change_of, columns_of, cut
from daemon.edits.surprising import Free, changed_words, with_free
from daemon.edits.values import Computation, Drawn, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.columns import painted
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, Rect

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
    settings = {"first": cells.frames.first - around.first, "creativity": creativity, "focus": focus, "seed": seed}
    mine = cut(grid, cells)

    def drawn(free: Free) -> Step:
        free = free & _unlocked(grid, cells)
        mask = np.zeros((grid.levels, cells.width), np.uint16)
        mask[cells.levels.index] = free

        def finish(answer: Array) -> Outcome:
            after = np.where(free, as_codes(answer, (grid.levels, cells.width), grid)[cells.levels.index], mine)
            columns = columns_of(grid, cells)
            if cells.levels.first == 0:
                columns = np.where(free[0], painted(columns), columns)
            change = change_of(grid, cells, after, columns)
            return Outcome(changes=[change], notes=changed_words(edit, free, mine, after))

        return Computation(
            kind=edit.op,
            settings=settings,
            inputs=(np.ascontiguousarray(grid.codes[:, around.index]), mask),
            finish=finish,
            is_long=True,
            needs_prior=True,
            drawn=Drawn(cells=cells, free=free),
        )

    return with_free(edit, grid, cells, drawn)


def _unlocked(grid: Grid, cells: Rect) -> Free:
    """The cells of a rectangle on levels that are not locked, (q, 1) bool."""
    return np.array([[level not in grid.locked] for level in cells.levels.numbers], np.bool_)

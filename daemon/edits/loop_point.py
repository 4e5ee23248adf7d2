"""The operation `seamless`: the levels at both ends of a range meet, so that a loop of it does not jump in level.

A model decodes the ends, because the level of a frame is that of its decode plus its gain. The codes stay. The gains of
the columns are moved in dB: by half of the step at each end, and by less and less away from it.
"""

import numpy as np

from daemon.edits.arguments import whole
from daemon.edits.ranges import cells_of, change_of, columns_of, cut
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.columns import LEVEL, MAX_GAIN_DB, STEPS_OF_DB
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, Rect

END_FRAMES = 3  # over which the level at an end is measured: 64 ms
SURROUNDINGS = 16  # frames that a decode of an end needs on either side
USUAL_FRAMES = 24  # half a second
MOST_DB = 24.0  # more is no texture, but a sound that ends
SMALLEST_DB = 0.05


def seamless(edit: Edit, grid: Grid) -> Step:
    """Let the levels at both ends of the range meet halfway."""
    cells = cells_of(edit, grid)
    if cells.height != grid.levels:
        raise AlleleError(
            "E_BAD_EDIT",
            f"seamless changes the level of whole frames, not of {cells.levels}",
            hint=f"leave {cells.levels} out",
        )
    over = whole(edit.options.get("over", str(USUAL_FRAMES)), "over", 1)
    if cells.width < 2 * END_FRAMES:
        raise AlleleError(
            "E_RANGE", f"a loop of {cells.width} frames is too short", hint=f"name at least {2 * END_FRAMES} frames"
        )
    starts = cells.frames.first, cells.frames.past - END_FRAMES
    around = [FrameRange(max(0, at - SURROUNDINGS), min(grid.frames, at + END_FRAMES + SURROUNDINGS)) for at in starts]
    return Computation(
        kind="seamless",
        settings={"first": starts[0] - around[0].first, "last": starts[1] - around[1].first, "frames": END_FRAMES},
        inputs=(grid.codes[:, around[0].index].copy(), grid.codes[:, around[1].index].copy()),
        finish=lambda answer: _met(grid, cells, _checked(answer), over),
    )


def _met(grid: Grid, cells: Rect, levels_db: Array, over: int) -> Outcome:
    """The outcome, given the levels of the frames of both ends in dB without their gains, (2, END_FRAMES)."""
    columns = columns_of(grid, cells).copy()
    gains_db = columns[LEVEL] / STEPS_OF_DB
    first, last = (
        _mean_db(levels + gains)
        for levels, gains in zip(levels_db, (gains_db[:END_FRAMES], gains_db[-END_FRAMES:]), strict=True)
    )
    step = first - last
    moved = max(-MOST_DB, min(MOST_DB, step))
    if abs(moved) < SMALLEST_DB:
        same = change_of(grid, cells, cut(grid, cells))
        return Outcome(changes=[same], notes=["the levels at the loop point meet already"])
    slope = _slope(cells.width, over)
    made_db = gains_db + moved / 2 * (slope[::-1] - slope)
    columns[LEVEL] = np.rint(np.clip(made_db, -MAX_GAIN_DB, MAX_GAIN_DB) * STEPS_OF_DB)
    left = step - moved
    way = "up" if step > 0 else "down"
    note = f"the level at the loop point went {way} by {abs(step):.1f} dB, now by {abs(left):.1f} dB"
    return Outcome(changes=[change_of(grid, cells, cut(grid, cells), columns)], notes=[note])


def _slope(frames: int, over: int) -> Array:
    """How much of the correction each frame receives at the start of a range: 1 at its edge, falling to 0."""
    reach = min(over, frames // 2 - END_FRAMES)
    slope = np.zeros(frames)
    slope[:END_FRAMES] = 1.0
    slope[END_FRAMES : END_FRAMES + reach] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, reach + 1) / (reach + 1))
    return slope


def _mean_db(levels_db: Array) -> float:
    return 10 * float(np.log10(np.mean(10 ** (levels_db / 10))))


def _checked(answer: Array) -> Array:
    if answer.shape != (2, END_FRAMES) or not np.isfinite(answer).all():
        raise AlleleError("E_INTERNAL", "the engine's levels do not fit", hint="allele daemon logs says more")
    return answer.astype(np.float64)

"""The surprise of cells, and the option `only=dull|odd`, by which an edit changes the least or most surprising ones.

Data flow: the codes and the frames before them go to the engine, which scores them with the model's prior, in tenths of
a bit. Of each level, the cells are ranked apart, because fine levels always cost more than the body does.
What can go wrong: the model has no prior; the engine then says how to train one.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from daemon.edits.answers import as_surprise
from daemon.edits.arguments import real, seed_of, word
from daemon.edits.values import Computation, Grid, Step
from daemon.prior.windows import windows_of
from protocol.arrays import Array
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import ONLY
from protocol.ranges import FrameRange, Rect
from protocol.strands import Codes

USUAL_SHARE = "0.25"
MOST_SCORED = 1 << 14
"""Frames scored for one edit: 5.8 minutes, about ten seconds of computing."""

Free = npt.NDArray[np.bool_]


def scoring(codes: Codes, frames: FrameRange, finish: Callable[[Array], Step]) -> Computation:
    """The computation of the surprise of frames of a strand; its answer begins with their first whole window.

    Args:
        codes: the whole strand, (Q, T).
    """
    window = windows_of(frames.first, frames.past)
    return Computation(
        kind="surprise",
        settings={"heard": window.heard},
        inputs=(np.ascontiguousarray(codes[:, window.heard_from : window.past]),),
        finish=finish,
        is_long=True,
        needs_prior=True,
    )


def scores_of(answer: Array, levels: int, frames: FrameRange) -> Array:
    """The surprise of frames, (Q, n), from the answer to `scoring`.

    Raises:
        AlleleError: E_INTERNAL if the answer is something else.
    """
    window = windows_of(frames.first, frames.past)
    return as_surprise(answer, (levels, window.past - window.first))[:, frames.first - window.first :]


def with_free(edit: Edit, grid: Grid, cells: Rect, step: Callable[[Free], Step]) -> Step:
    """Continue an edit with the cells that it may change, (q, n) bool: all, or with `only` a share of them.

    Raises:
        AlleleError: E_BAD_EDIT for an unknown word or a share outside 0 to 1; E_RANGE for too many frames.
    """
    share, only, seed = (
        real(edit.options.get("share", USUAL_SHARE), "share", 0, 1),
        word(edit, "only", ONLY),
        seed_of(edit),
    )
    if only == "all":
        if "share" in edit.options:
            hint = f"as in only=odd share={share:g}"
            raise AlleleError("E_BAD_EDIT", "share is a share of the dull or the odd cells: it needs only=", hint=hint)
        return step(np.ones((cells.height, cells.width), np.bool_))
    if cells.width > MOST_SCORED:
        raise AlleleError(
            "E_RANGE",
            f"only= scores at most {MOST_SCORED} frames at once, not {cells.width}",
            hint=f"name fewer, as in @{cells.frames.first}:{cells.frames.first + MOST_SCORED}",
        )

    def finish(answer: Array) -> Step:
        scores = scores_of(answer, grid.levels, cells.frames)[cells.levels.index]
        return step(chosen(scores, share, seed, is_odd=only == "odd"))

    return scoring(grid.codes, cells.frames, finish)


def chosen(scores: Array, share: float, seed: int, *, is_odd: bool) -> Free:
    """The share of each level's cells that surprise most or least, (q, n) bool. The seed chooses among equal ones."""
    count = round(share * scores.shape[1])
    if share > 0:
        count = max(1, count)
    luck = np.random.default_rng([seed, 0x0DD]).random(scores.shape)
    order = np.argsort(np.where(is_odd, -1.0, 1.0) * scores + luck / 2, axis=1)  # scores are whole numbers
    free = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(free, order[:, :count], True, axis=1)
    return free


def changed_words(edit: Edit, free: Free, before: Codes, after: Codes) -> list[str]:
    """A note about how many of the cells that an edit with `only` may change did change; none without `only`."""
    if edit.options.get("only", "all") == "all":
        return []
    changed = int(np.count_nonzero(before != after))
    return [f"{changed} of the {int(free.sum())} {edit.options['only']} cells changed"]

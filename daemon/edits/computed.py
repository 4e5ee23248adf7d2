"""The operations `mutate`, `nudge`, `blend` and `mosaic`, which need the vectors of a model.

Data flow: an edit becomes a `Computation` of codes and settings, and its answer becomes cells here. An edit that needs
no model (strength 0, amounts 0 and 1, mode=cells) is computed without one, and is therefore exact.
What can go wrong: an answer of the wrong shape is a defect of the engine, and no cell is written.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from daemon.edits.arguments import real, seed_of, whole, word
from daemon.edits.pairs import Others, left_out, other_of, start_in
from daemon.edits.ranges import arriving, cells_of, change_of, columns_of, cut, merged, recordings_of
from daemon.edits.timeline import nearest_frames
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.atlas import DIRECTIONS
from protocol.columns import LEVEL
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import ALIGNMENTS, BLEND_MODES, OPS
from protocol.ranges import Rect
from protocol.strands import Codes

SHORTEST_SPAN_S = 0.06
LONG_FRAMES = 8192  # 3 minutes
LONG_PAIRS = 1 << 24
MOST_PAIRS = 1 << 26  # 3 minutes against 3 minutes; the search for the best path needs a byte for each pair


def mutate(edit: Edit, grid: Grid) -> Step:
    """Change each cell, with probability STRENGTH, to one of its nearest codes."""
    strength, seed = real(edit.args[0], "STRENGTH", 0, 1), seed_of(edit)
    cells = cells_of(edit, grid)
    mine = cut(grid, cells)
    if strength == 0:
        return Outcome(changes=[change_of(grid, cells, mine)])
    return _computation(
        edit,
        settings={"top": cells.levels.first, "strength": strength, "seed": seed},
        inputs=(mine,),
        finish=lambda answer: Outcome(changes=[change_of(grid, cells, _codes(answer, mine, grid))]),
        is_long=cells.width > LONG_FRAMES,
    )


def nudge(edit: Edit, grid: Grid) -> Step:
    """Change each cell to the nearest code that is certainly further in a direction of the atlas."""
    direction = edit.args[0]
    if direction not in DIRECTIONS:
        raise AlleleError(
            "E_BAD_EDIT", f"{direction[:40]!r} is not a direction", hint=f"one of {', '.join(DIRECTIONS)}"
        )
    descriptor, sign = DIRECTIONS[direction]
    by = whole(edit.options.get("by", "1"), "by", 1, grid.meta.codebook)
    cells = cells_of(edit, grid)
    mine = cut(grid, cells)

    def finish(answer: Array) -> Outcome:
        after = _codes(answer, mine, grid)
        stayed = int((after == mine).sum())
        notes = (
            [f"{stayed} of {mine.size} cells are unchanged: no code is certainly {direction} there"] if stayed else []
        )
        return Outcome(changes=[change_of(grid, cells, after)], notes=notes)

    return _computation(
        edit,
        settings={"top": cells.levels.first, "descriptor": descriptor, "sign": sign, "by": by},
        inputs=(mine,),
        finish=finish,
        is_long=cells.width > LONG_FRAMES,
    )


def mosaic(edit: Edit, grid: Grid, others: Others) -> Step:
    """Replace each frame by the frame of the other strand that fits best in sound and in sequence."""
    continuity = real(edit.options.get("continuity", "0.5"), "continuity", 0, 1)
    other = other_of(edit, grid, others)
    cells = cells_of(edit, grid)
    mine, theirs = cut(grid, cells), other.codes[cells.levels.index]
    pairs = cells.width * other.frames
    if pairs > MOST_PAIRS:
        raise AlleleError(
            "E_RANGE",
            f"mosaic compares every frame with every other: {cells.width} with {other.frames} are too many",
            hint=f"name at most {max(1, MOST_PAIRS // other.frames)} frames, as in @0:{MOST_PAIRS // other.frames}",
        )

    def finish(answer: Array) -> Outcome:
        places = _places(answer, cells.width, other.frames)
        columns = arriving(edit, other.columns[:, places], columns_of(grid, cells))
        return Outcome(changes=[change_of(grid, cells, theirs[:, places], columns, recordings_of(other))])

    return _computation(
        edit,
        settings={"top": cells.levels.first, "continuity": continuity},
        inputs=(mine, theirs),
        finish=finish,
        is_long=pairs > LONG_PAIRS,
    )


@dataclass(frozen=True, kw_only=True)
class _Blend:
    """A blend of frames of one strand with frames of another."""

    edit: Edit
    grid: Grid
    cells: Rect
    other: Grid
    amount: float
    mode: str
    seed: int
    notes: list[str]

    def towards(self, places: Array) -> Step:
        """Return the blended cells, or the computation that is needed for them.

        Args:
            places: the frame of the other strand that goes with each frame of `cells`, (n,).
        """
        mine, levels = cut(self.grid, self.cells), self.cells.height
        yours = self.other.codes[self.cells.levels.index, places]
        if self.amount in (0, 1):
            return self._done(yours if self.amount else mine, places)
        if self.mode == "cells":
            turns = _turns(self.cells.width, self.grid.meta.frame_rate, self.seed) < self.amount
            return self._done(np.where(turns, yours, mine), places, turns=turns)
        kept = levels - math.floor(self.amount * levels + 0.5)
        if self.mode == "levels" and kept in (0, levels):
            whose = "this strand's" if kept else "the other's"
            note = f"levels are taken as a whole: all {levels} are {whose}"
            return self._done(mine if kept else yours, places, note)
        return _computation(
            self.edit,
            settings={
                "top": self.cells.levels.first,
                "amount": self.amount,
                "kept": kept if self.mode == "levels" else -1,
            },
            inputs=(mine, yours),
            finish=lambda answer: self._done(_codes(answer, mine, self.grid), places),
            is_long=self.cells.width > LONG_FRAMES,
        )

    def _done(self, after: Codes, places: Array, *notes: str, turns: npt.NDArray[np.bool_] | None = None) -> Outcome:
        """The outcome with the new cells. Levels are blended in dB; a frame's recording is that of the nearer one."""
        mine = columns_of(self.grid, self.cells)
        yours = arriving(self.edit, self.other.columns[:, places], mine)
        is_yours = np.full(self.cells.width, self.amount >= 0.5) if turns is None else turns
        columns, recordings = merged(self.grid, mine, yours, recordings_of(self.other), is_yours)
        if turns is None:
            columns[LEVEL] = np.rint((1 - self.amount) * mine[LEVEL] + self.amount * yours[LEVEL])
        change = change_of(self.grid, self.cells, after, columns, recordings)
        return Outcome(changes=[change], notes=[*self.notes, *notes])


def blend(edit: Edit, grid: Grid, others: Others) -> Step:
    """Pair the frames of both strands, then move the cells by `amount` towards the other strand."""
    amount = real(edit.args[1], "AMOUNT", 0, 1)
    mode, align = word(edit, "mode", BLEND_MODES), word(edit, "align", ALIGNMENTS)
    seed, other, cells = seed_of(edit), other_of(edit, grid, others), cells_of(edit, grid)
    at = start_in(edit, cells.frames.first if align == "none" else 0)
    notes: list[str] = []
    if at >= other.frames:
        raise AlleleError(
            "E_RANGE",
            f"nothing to blend with: {other.meta.name} has {other.frames} frames, the blend starts at its frame {at}",
            hint="at= is the first frame in the other",
        )
    if align == "none" and cells.width > other.frames - at:
        width = other.frames - at
        notes.append(f"cropped from {cells.width} to {width} frames: that is what both have")
        cells = cells.first_frames(width)
    elif align == "none" and amount > 0:
        notes += left_out(edit, other, at + cells.width)
    pairing = _Blend(edit=edit, grid=grid, cells=cells, other=other, amount=amount, mode=mode, seed=seed, notes=notes)
    length = other.frames - at
    if align == "none":
        return pairing.towards(at + np.arange(cells.width))
    if align == "stretch" or amount == 0:
        return pairing.towards(at + nearest_frames(length, cells.width))
    return _computation(
        edit,
        kind="align",
        settings={},
        inputs=(grid.codes[:, cells.frames.index], other.codes[:, at:]),
        finish=lambda answer: pairing.towards(at + _places(answer, cells.width, length)),
        is_long=max(cells.width, length) > LONG_FRAMES,
    )


def _computation(
    edit: Edit,
    *,
    settings: Mapping[str, float | int | str],
    inputs: tuple[Codes, ...],
    finish: Callable[[Array], Step],
    is_long: bool,
    kind: str = "",
) -> Computation:
    """The computation that an edit needs. It has the name of the operation unless `kind` gives another."""
    needs_atlas = OPS[edit.op].needs_atlas
    return Computation(
        kind=kind or edit.op, settings=settings, inputs=inputs, finish=finish, is_long=is_long, needs_atlas=needs_atlas
    )


def _turns(frames: int, frame_rate: float, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """A random number in [0, 1) for every frame, (frames,), constant within spans of at least 60 ms."""
    length = max(1, math.ceil(SHORTEST_SPAN_S * frame_rate - 1e-9))
    spans = max(1, frames // length)  # the last span includes the remainder
    return np.random.default_rng(seed).random(spans)[np.minimum(np.arange(frames) // length, spans - 1)]


def _codes(answer: Array, like: Codes, grid: Grid) -> Codes:
    if answer.shape != like.shape or answer.dtype != np.uint16 or int(answer.max(initial=0)) >= grid.meta.codebook:
        raise AlleleError("E_INTERNAL", "the engine's cells do not fit", hint="allele daemon logs says more")
    return answer


def _places(answer: Array, count: int, below: int) -> Array:
    if answer.shape != (count,) or answer.dtype.kind != "i" or not 0 <= answer.min() <= answer.max() < below:
        raise AlleleError("E_INTERNAL", "the engine's frames do not fit", hint="allele daemon logs says more")
    return answer

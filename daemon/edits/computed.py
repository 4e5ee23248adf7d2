"""The operations `nudge`, `blend` and `mosaic`, which need the vectors of a model.

Data flow: an edit becomes a `Computation` of codes and settings, and its answer becomes cells here. An edit that needs
no model (amounts 0 and 1, mode=cells) is computed without one, and is therefore exact.
What can go wrong: an answer of the wrong shape is a defect of the engine, and no cell is written.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from msgspec import structs

from daemon.edits.answers import as_changes, as_codes, as_places
from daemon.edits.arguments import real, seed_of, word
from daemon.edits.lengths import LONG_FRAMES
from daemon.edits.pairs import Others, left_out, other_of, start_in
from daemon.edits.ranges import arriving, cells_of, change_of, columns_of, cut, merged, recordings_of
from daemon.edits.timeline import nearest_frames
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.atlas import DESCRIPTORS, DIRECTIONS, amount_words
from protocol.columns import LEVEL, MAX_GAIN_DB, STEPS_OF_DB
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import ALIGNMENTS, BLEND_MODES, OPS
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes

SHORTEST_SPAN_S = 0.06
LONG_PAIRS = 1 << 24
FEWEST_STEPS, MOST_STEPS, HALF_A_STEP = 0.1, 20.0, 0.5
LOUDNESS_STEP_DB = 2.0  # as in daemon.atlas.descriptors.STEPS
MOST_NUDGED = 4096  # frames times steps: about half a minute of computing
SURROUNDINGS = 16  # frames on either side that a decode of the selection needs; a codec uses what it needs of them
MOST_PAIRS = 1 << 26  # 3 minutes against 3 minutes; the search for the best path needs a byte for each pair


def nudge(edit: Edit, grid: Grid) -> Step:
    """Move the selection by steps in a direction of the atlas, as far as the model goes, and say how far it went.

    Louder and softer move the levels of whole frames, which is exact and takes no model.
    """
    direction = edit.args[0]
    if direction not in DIRECTIONS:
        raise AlleleError(
            "E_BAD_EDIT", f"{direction[:40]!r} is not a direction", hint=f"one of {', '.join(DIRECTIONS)}"
        )
    descriptor, sign = DIRECTIONS[direction]
    by = real(edit.options.get("by", "1"), "by", FEWEST_STEPS, MOST_STEPS)
    if descriptor == "loudness" and (frames := _whole_frames(edit, grid)) is not None:
        return _turned(grid, frames, direction, sign * by)
    cells = _cells_to_nudge(edit, grid, by)
    around = FrameRange(max(0, cells.frames.first - SURROUNDINGS), min(grid.frames, cells.frames.past + SURROUNDINGS))
    before = grid.codes[:, around.index]
    place = {"first": cells.frames.first - around.first, "past": cells.frames.past - around.first}
    free = [str(level) for level in cells.levels.numbers if level not in grid.locked]

    def finish(answer: Array) -> Step:
        after = before.copy()
        after[:, place["first"] : place["past"]] = as_codes(answer, (grid.levels, cells.width), grid)
        made = Outcome(changes=[change_of(grid, cells, answer[cells.levels.index])])
        if np.array_equal(after, before):
            return replace(made, notes=[f"nothing changed: the model has no step {direction} here that is {by:g} long"])
        return _computation(
            edit,
            kind="compare",
            settings=place,
            inputs=(before, after),
            finish=lambda change: replace(made, notes=[_nudged(direction, by, change)]),
            is_long=True,
        )

    settings = place | {"levels": " ".join(free), "descriptor": descriptor, "sign": sign, "by": by}
    return _computation(edit, settings=settings, inputs=(before,), finish=finish, is_long=True)


def _whole_frames(edit: Edit, grid: Grid) -> Rect | None:
    """All levels of the frames of an edit, if it names all of them or none; None if it names some, or one is locked."""
    levels = LevelRange(0, grid.levels - 1)
    if grid.locked or edit.levels not in (None, levels):
        return None
    return cells_of(structs.replace(edit, levels=levels), grid)


def _turned(grid: Grid, cells: Rect, direction: str, steps: float) -> Outcome:
    """Turn the level of frames up or down by steps, at most as far as a level goes."""
    before, most = columns_of(grid, cells), round(MAX_GAIN_DB * STEPS_OF_DB)
    after = before.copy()
    after[LEVEL] = np.clip(before[LEVEL] + round(steps * LOUDNESS_STEP_DB * STEPS_OF_DB), -most, most)
    moved_db = max((after[LEVEL] - before[LEVEL]).tolist(), key=abs) / STEPS_OF_DB
    taken = abs(moved_db) / LOUDNESS_STEP_DB
    ended = f"; the level goes no further {direction}" if taken < abs(steps) - HALF_A_STEP else ""
    words = f"{direction} by {taken:.1f} {'step' if round(taken, 1) == 1 else 'steps'}"
    note = f"{words}: {amount_words('loudness', moved_db)}, exactly{ended}"
    return Outcome(changes=[change_of(grid, cells, cut(grid, cells), after)], notes=[note])


def _cells_to_nudge(edit: Edit, grid: Grid, by: float) -> Rect:
    cells = cells_of(edit, grid)
    if cells.width * by > MOST_NUDGED:
        most = int(MOST_NUDGED / max(by, 1))
        raise AlleleError(
            "E_RANGE",
            f"nudge decodes what it changes: {cells.width} frames and {by:g} steps are too many at once",
            hint=f"name at most {most} frames, as in @{cells.frames.first}:{cells.frames.first + most}",
        )
    return cells


def _nudged(direction: str, by: float, change: Array) -> str:
    """A note about the change of every descriptor: (2, A), in steps and in units."""
    change = as_changes(change, len(DESCRIPTORS))
    name, sign = DIRECTIONS[direction]
    at, level = (list(DESCRIPTORS).index(one) for one in (name, "loudness"))
    steps = sign * float(change[0, at])
    words = [f"{direction} by {steps:.1f} {'step' if round(steps, 1) == 1 else 'steps'}"]
    words += [amount_words(name, float(change[1, at]))]
    words += [amount_words("loudness", float(change[1, level]))] if level != at else []
    ended = f"; the model goes no further {direction}" if steps < by - HALF_A_STEP else ""
    return f"{words[0]}: {', '.join(words[1:])}{ended}"


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
        places = as_places(answer, cells.width, other.frames)
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

    def towards(self, places: Array, mine_at: Array | None = None) -> Step:
        """Return the blended cells, or the computation that is needed for them.

        Args:
            places: the frame of the other strand that goes with each frame of `cells`, (n,).
            mine_at: the frame of `cells` that goes with it, by default each one with itself.
        """
        mine = cut(self.grid, self.cells)
        mine = mine if mine_at is None else mine[:, mine_at]
        yours = self.other.codes[self.cells.levels.index, places]
        if self.amount in (0, 1):
            return self._done(yours if self.amount else mine, places)
        if self.mode == "cells":
            turns = _turns(self.cells.width, self.grid.meta.frame_rate, self.seed) < self.amount
            return self._done(np.where(turns, yours, mine), places, turns=turns)
        return _computation(
            self.edit,
            settings={"top": self.cells.levels.first, "amount": self.amount, "by_levels": self.mode == "levels"},
            inputs=(mine, yours),
            finish=lambda answer: self._done(as_codes(answer, mine.shape, self.grid), places, mine_at),
            is_long=self.cells.width > LONG_FRAMES,
        )

    def aligned(self, at: int, pairs: Array) -> Step:
        """Blend frames that sound alike, each pair at a time between its two times.

        Args:
            at: the other's first frame. pairs: for each frame of this strand's cells, its frame from there on.
        """
        width, others = self.cells.width, self.other.frames - at
        mine = np.arange(width)
        there = (pairs + 0.5) * (width / others) - 0.5  # when the other, stretched to this width, plays that frame
        times = np.maximum.accumulate((1 - self.amount) * mine + self.amount * there)
        from_mine = np.interp(mine, times, mine)
        from_theirs = np.interp(from_mine, mine, pairs)
        mine_at, places = (np.floor(place + 0.5).astype(np.int64) for place in (from_mine, from_theirs))
        return self.towards(at + places, mine_at)

    def _done(
        self,
        after: Codes,
        places: Array,
        mine_at: Array | None = None,
        *,
        turns: npt.NDArray[np.bool_] | None = None,
    ) -> Outcome:
        """The outcome with the new cells. Levels are blended in dB; a frame's recording is that of the nearer one."""
        mine = columns_of(self.grid, self.cells)
        mine = mine if mine_at is None else mine[:, mine_at]
        yours = arriving(self.edit, self.other.columns[:, places], mine)
        is_yours = np.full(self.cells.width, self.amount >= 0.5) if turns is None else turns
        columns, recordings = merged(self.grid, mine, yours, recordings_of(self.other), is_yours)
        if turns is None:
            columns[LEVEL] = np.rint((1 - self.amount) * mine[LEVEL] + self.amount * yours[LEVEL])
        change = change_of(self.grid, self.cells, after, columns, recordings)
        return Outcome(changes=[change], notes=self.notes)


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
    if align == "stretch" or amount in (0, 1):
        return pairing.towards(at + nearest_frames(length, cells.width))
    return _computation(
        edit,
        kind="align",
        settings={},
        inputs=(grid.codes[:, cells.frames.index], other.codes[:, at:]),
        finish=lambda answer: pairing.aligned(at, as_places(answer, cells.width, length)),
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
    """The computation that an edit needs. It is the operation's own, unless `kind` names another, without an atlas."""
    needs_atlas = OPS[edit.op].needs_atlas and not kind
    return Computation(
        kind=kind or edit.op, settings=settings, inputs=inputs, finish=finish, is_long=is_long, needs_atlas=needs_atlas
    )


def _turns(frames: int, frame_rate: float, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """A random number in [0, 1) for every frame, (frames,), constant within spans of at least 60 ms."""
    length = max(1, math.ceil(SHORTEST_SPAN_S * frame_rate - 1e-9))
    spans = max(1, frames // length)  # the last span includes the remainder
    return np.random.default_rng(seed).random(spans)[np.minimum(np.arange(frames) // length, spans - 1)]

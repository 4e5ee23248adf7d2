"""The operations that cut and join: `crop`, `cut`, `insert`, `silence`, `pause` and `join`.

All of them act on whole frames, and all but `silence` change the length. Silence is the codes that a model gives to a
silent recording, so it takes a computation; their frames have the lowest level, so that nothing is heard of them.
"""

from collections.abc import Callable

import numpy as np

from daemon.edits.arguments import register_name, whole
from daemon.edits.lengths import check_length, resizable
from daemon.edits.pairs import Others, other_of
from daemon.edits.ranges import cells_of, change_of, columns_of, cut, recordings_of
from daemon.edits.registers import Registers, filled_register, register_of
from daemon.edits.values import Change, Computation, Grid, Outcome, Register, Step
from protocol.arrays import Array
from protocol.columns import Columns, silent_columns
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes, Source
from protocol.times import read_span

LONGEST_PAUSE = 1 << 20  # frames; the length of a strand has a lower limit of its own


def crop(edit: Edit, grid: Grid) -> Step:
    """Keep only the frames of the range."""
    cells = resizable(edit, grid)
    if cells.width == grid.frames:
        return Outcome(changes=[change_of(grid, cells, cut(grid, cells))], notes=["the range is the whole strand"])
    return Outcome(changes=[change_of(grid, _whole(grid), cut(grid, cells), columns_of(grid, cells))])


def remove(edit: Edit, grid: Grid) -> Step:
    """Remove the frames of the range. With `into=` a register keeps them."""
    name = edit.options.get("into", "")
    cells = resizable(edit, grid)
    check_length(edit, grid, grid.frames - cells.width)
    kept: dict[str, Register] = {}
    if name:
        kept[register_name(name)] = register_of(grid, cells)
    change = change_of(grid, cells, cut(grid, cells)[:, :0], columns_of(grid, cells)[:, :0])
    return Outcome(changes=[change], registers=kept)


def insert(edit: Edit, grid: Grid, registers: Registers) -> Step:
    """Insert a register before the first frame of the range."""
    register = filled_register(edit, grid, registers)
    if register.codes.shape[0] != grid.levels:
        held = LevelRange(register.level_lo, register.level_lo + register.codes.shape[0] - 1)
        raise AlleleError(
            "E_RANGE",
            f"register {edit.args[0]} contains {held}, and inserting takes all {grid.levels} levels",
            hint=f"fill it with all levels, as in: copy {edit.args[0]} @0:8; put writes some levels",
        )
    check_length(edit, grid, grid.frames + register.codes.shape[1])
    return Outcome(changes=[_inserted(grid, _start(edit, grid), register.codes, register.columns, register.recordings)])


def join(edit: Edit, grid: Grid, others: Others) -> Step:
    """Append frames of another strand, or insert them before a frame."""
    other = other_of(edit, grid, others)
    at = grid.frames
    if "before" in edit.options:
        at = whole(edit.options["before"], "before", 0, grid.frames)
    frames = _taken(edit, other)
    if other.levels != grid.levels:
        raise AlleleError("E_RANGE", f"{other.meta.name} has {other.levels} levels, not {grid.levels}")
    check_length(edit, grid, grid.frames + len(frames))
    return Outcome(
        changes=[
            _inserted(grid, at, other.codes[:, frames.index], other.columns[:, frames.index], recordings_of(other))
        ]
    )


def silence(edit: Edit, grid: Grid) -> Step:
    """Write the codes of silence into the range."""
    cells = cells_of(edit, grid)

    def finish(frame: Codes) -> Outcome:
        codes = np.repeat(frame[cells.levels.index], cells.width, axis=1)
        return Outcome(changes=[change_of(grid, cells, codes, silent_columns(cells.width))])

    return _silent(finish, grid)


def pause(edit: Edit, grid: Grid) -> Step:
    """Insert silence before the first frame of the range."""
    length = whole(edit.args[0], "a length of silence in frames", 1, LONGEST_PAUSE)
    check_length(edit, grid, grid.frames + length)
    at = _start(edit, grid)

    def finish(frame: Codes) -> Outcome:
        return Outcome(changes=[_inserted(grid, at, np.repeat(frame, length, axis=1), silent_columns(length))])

    return _silent(finish, grid)


def _whole(grid: Grid) -> Rect:
    return Rect(LevelRange(0, grid.levels - 1), FrameRange(0, grid.frames))


def _start(edit: Edit, grid: Grid) -> int:
    """The frame before which an edit inserts: the first of its range, or the frame after the last one."""
    if edit.frames is not None and edit.frames.first == grid.frames and edit.frames.is_open:
        return grid.frames
    return resizable(edit, grid).frames.first


def _taken(edit: Edit, other: Grid) -> FrameRange:
    """The frames of the other strand that `take` names, by default all.

    Raises:
        AlleleError: E_BAD_EDIT if it is no range, E_RANGE if the other strand does not have it.
    """
    text = edit.options.get("take", ":")
    span = read_span(text)
    if span is None:
        raise AlleleError("E_BAD_EDIT", f"take={text[:40]} names no frames", hint="as in take=10:40 or take=1.2s:3.4s")
    frames = span.frames(other.meta.frame_rate).until(other.frames)
    if frames.first >= other.frames or frames.past > other.frames:
        raise AlleleError(
            "E_RANGE",
            f"take={text[:40]}: {other.meta.name} has frames 0 to {other.frames - 1}",
            hint=f"write take={min(frames.first, other.frames - 1)}:{other.frames}",
        )
    return frames


def _inserted(grid: Grid, at: int, frames: Codes, columns: Columns, recordings: list[Source] | None = None) -> Change:
    place = Rect(LevelRange(0, grid.levels - 1), FrameRange(at, at))
    return change_of(grid, place, frames, columns, recordings)


def _silent(finish: Callable[[Codes], Outcome], grid: Grid) -> Computation:
    """The computation of one frame of silence, (Q, 1), from which an edit is finished."""

    def checked(answer: Array) -> Outcome:
        fits = answer.shape == (grid.levels, 1) and answer.dtype == np.uint16
        if not fits or int(answer.max()) >= grid.meta.codebook:
            raise AlleleError("E_INTERNAL", "the engine's silence does not fit", hint="allele daemon logs says more")
        return finish(answer)

    return Computation(kind="silence", settings={}, inputs=(), finish=checked)

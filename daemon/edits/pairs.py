"""The operation `swap`, and the checks of every operation that names another strand."""

from collections.abc import Mapping

from daemon.edits.arguments import whole
from daemon.edits.ranges import arriving, change_of, columns_of, cut, frames_of, levels_of, recordings_of, same_codec
from daemon.edits.values import Change, Grid, Outcome, Step
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect

Others = Mapping[str, Grid]


def other_of(edit: Edit, grid: Grid, others: Others) -> Grid:
    """Return the other strand that an edit names, which must be of the same model.

    Raises:
        AlleleError: E_NOT_FOUND, E_WRONG_MODEL, E_BAD_STRAND.
    """
    other = others.get(edit.args[0])
    if other is None:
        raise AlleleError("E_NOT_FOUND", f"there is no strand {edit.args[0]!r} to {edit.op} with", hint="open it first")
    same_codec(grid, other.meta.name, other.meta.model, other.meta.codec_id)
    return other


def start_in(edit: Edit, default: int) -> int:
    """Read the `at` option, the first frame in the other strand.

    Raises:
        AlleleError: E_BAD_EDIT if it is not a number, E_RANGE if it is negative.
    """
    at = whole(edit.options["at"], "at") if "at" in edit.options else default
    if at < 0:
        raise AlleleError("E_RANGE", f"at={at}: frames are counted from 0", hint="write at=0")
    return at


def left_out(edit: Edit, other: Grid, end: int) -> list[str]:
    """A note about the other strand's frames from `end` on, which an edit of the whole first strand does not use."""
    rest = other.frames - end
    if rest <= 0 or edit.frames is not None:
        return []
    frames = "frame" if rest == 1 else f"{rest} frames"
    return [f"the last {frames} of {other.meta.name}, which is longer, {'is' if rest == 1 else 'are'} left out"]


def swap(edit: Edit, grid: Grid, others: Others) -> Step:
    """Exchange cells with another strand. Only this operation changes the other strand too."""
    other = other_of(edit, grid, others)
    if other.id == grid.id:
        raise AlleleError(
            "E_BAD_EDIT", f"{grid.meta.name} cannot be swapped with itself", hint="use copy and put to move cells"
        )
    ours, theirs, notes = _common_cells(edit, grid, other)
    changes = [_taken(edit, grid, ours, other, theirs), _taken(edit, other, theirs, grid, ours)]
    return Outcome(changes=changes, notes=notes)


def _taken(edit: Edit, grid: Grid, cells: Rect, other: Grid, theirs: Rect) -> Change:
    """The change that writes cells of another strand, with their level and recordings."""
    columns = arriving(edit, columns_of(other, theirs), columns_of(grid, cells))
    return change_of(grid, cells, cut(other, theirs), columns, recordings_of(other))


def _common_cells(edit: Edit, grid: Grid, other: Grid) -> tuple[Rect, Rect, list[str]]:
    """The cells of the range that both strands have, and notes about the cells that were left out."""
    levels, frames = levels_of(edit, grid), frames_of(edit, grid)
    wanted = frames.past - frames.first
    at = start_in(edit, frames.first)
    last = min(levels.last, grid.levels - 1, other.levels - 1)
    length = min(wanted, grid.frames - frames.first, other.frames - at)
    if length <= 0 or last < levels.first:
        raise AlleleError(
            "E_RANGE",
            f"nothing to swap: {grid.meta.name} has {grid.levels} × {grid.frames} cells, "
            f"{other.meta.name} has {other.levels} × {other.frames}",
            hint="name levels and frames that both have; at= is the first frame in the other",
        )
    notes = left_out(edit, other, at + length)
    if length < wanted:
        notes.append(f"cropped from {wanted} to {length} frames: that is what both have")
    if last < levels.last:
        notes.append(f"cropped to levels {levels.first} to {last}: that is what both have")
    common = LevelRange(levels.first, last)
    ours, theirs = (FrameRange(first, first + length) for first in (frames.first, at))
    return Rect(common, ours), Rect(common, theirs), notes

"""`swap`, and what every operation asks of the other strand it names."""

from collections.abc import Mapping

from daemon.edits.arguments import whole
from daemon.edits.ranges import Cells, change_of, cut, same_codec
from daemon.edits.values import Grid, Outcome, Step
from protocol.edits import Edit
from protocol.errors import AlleleError

Others = Mapping[str, Grid]


def other_of(edit: Edit, grid: Grid, others: Others) -> Grid:
    """The other strand, of the same model.

    Raises:
        AlleleError: E_NOT_FOUND, E_WRONG_MODEL, E_BAD_STRAND.
    """
    other = others.get(edit.args[0])
    if other is None:
        raise AlleleError("E_NOT_FOUND", f"there is no strand {edit.args[0]!r} to {edit.op} with", hint="open it first")
    same_codec(grid, other.name, other.model, other.codec_id)
    return other


def start_in(edit: Edit, default: int) -> int:
    """The `at` option: the first frame in the other strand.

    Raises:
        AlleleError: E_BAD_EDIT, E_RANGE.
    """
    at = whole(edit.options["at"], "at") if "at" in edit.options else default
    if at < 0:
        raise AlleleError("E_RANGE", f"at={at}: frames are counted from 0", hint="write at=0")
    return at


def left_out(edit: Edit, other: Grid, end: int) -> list[str]:
    """A note about what the other strand has from frame `end` on, when all of the first was meant and takes no more."""
    rest = other.frames - end
    if rest <= 0 or edit.frames is not None:
        return []
    frames = "frame" if rest == 1 else f"{rest} frames"
    return [f"the last {frames} of {other.name}, which is longer, {'is' if rest == 1 else 'are'} left out"]


def swap(edit: Edit, grid: Grid, others: Others) -> Step:
    """Exchange cells; the one operation that changes the other strand too."""
    other = other_of(edit, grid, others)
    if other.id == grid.id:
        raise AlleleError(
            "E_BAD_EDIT", f"{grid.name} cannot be swapped with itself", hint="use copy and put to move cells"
        )
    ours, theirs, notes = _common_cells(edit, grid, other)
    mine, yours = cut(grid, ours), cut(other, theirs)
    return Outcome(changes=[change_of(grid, ours, yours), change_of(other, theirs, mine)], notes=notes)


def _common_cells(edit: Edit, grid: Grid, other: Grid) -> tuple[Cells, Cells, list[str]]:
    """What both strands have of the wanted cells, and what was left out."""
    top, last = edit.levels if edit.levels is not None else (0, grid.levels - 1)
    first, past = edit.frames if edit.frames is not None else (None, None)
    lo = first or 0
    wanted = (grid.frames if past is None else past) - lo
    at = start_in(edit, lo)
    bottom = min(last + 1, grid.levels, other.levels)
    length = min(wanted, grid.frames - lo, other.frames - at)
    if length <= 0 or bottom <= top:
        raise AlleleError(
            "E_RANGE",
            f"nothing to swap: {grid.name} has {grid.levels} × {grid.frames} cells, "
            f"{other.name} has {other.levels} × {other.frames}",
            hint="name levels and frames that both have; at= is the first frame in the other",
        )
    notes = left_out(edit, other, at + length)
    if length < wanted:
        notes.append(f"cropped from {wanted} to {length} frames: that is what both have")
    if bottom < last + 1:
        notes.append(f"cropped to levels {top} to {bottom - 1}: that is what both have")
    return Cells(top, bottom, lo, lo + length), Cells(top, bottom, at, at + length), notes

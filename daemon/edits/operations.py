"""What each operation does to cells. Pure: values in, an `Outcome` out; nothing is written to.

An operation names the strand it is applied to first; `swap` is the one that changes another strand too.
"""

from collections.abc import Callable, Mapping

import numpy as np

from daemon.edits.ranges import Cells, cells_of, same_codec
from daemon.edits.values import Change, Grid, Outcome, Register
from protocol.edits import REGISTER_NAMES, Edit, check_edit
from protocol.errors import AlleleError
from protocol.strands import Codes

Others = Mapping[str, Grid]
Registers = Mapping[str, Register]
Operation = Callable[[Edit, Grid, Others, Registers], Outcome]


def apply(edit: Edit, grid: Grid, others: Others, registers: Registers) -> Outcome:
    """Compute an edit.

    Args:
        edit: what to do; `others` is keyed by the name it gives another strand.
        grid: the strand it is applied to.
        registers: those filled so far.

    Raises:
        AlleleError: E_BAD_EDIT, E_RANGE, E_BAD_CODE, E_NOT_FOUND or E_WRONG_MODEL.
    """
    return _OPERATIONS[check_edit(edit).op](edit, grid, others, registers)


def _set(edit: Edit, grid: Grid, others: Others, registers: Registers) -> Outcome:
    code = _number(edit.args[0], "a code")
    if not 0 <= code < grid.codebook:
        raise AlleleError("E_BAD_CODE", f"code {code} does not exist: codes go from 0 to {grid.codebook - 1}")
    cells = cells_of(edit, grid)
    before = _cut(grid, cells)
    return Outcome(changes=[_change(grid, cells, np.full_like(before, code))])


def _copy(edit: Edit, grid: Grid, others: Others, registers: Registers) -> Outcome:
    cells = cells_of(edit, grid)
    register = Register(codes=_cut(grid, cells).copy(), level_lo=cells.top, model=grid.model, codec_id=grid.codec_id)
    return Outcome(registers={_register_name(edit.args[0]): register})


def _put(edit: Edit, grid: Grid, others: Others, registers: Registers) -> Outcome:
    name = _register_name(edit.args[0])
    register = registers.get(name)
    if register is None:
        filled = ", ".join(sorted(registers)) or "none"
        raise AlleleError(
            "E_NOT_FOUND", f"register {name} is empty (filled: {filled})", hint=f"fill it first: copy {name} q0 @0:8"
        )
    same_codec(grid, f"register {name}", register.model, register.codec_id)
    height, width = register.codes.shape
    named = edit
    if edit.levels is None:
        named = Edit(
            op=edit.op, args=edit.args, levels=(register.level_lo, register.level_lo + height - 1), frames=edit.frames
        )
    cells = cells_of(named, grid)
    if cells.bottom - cells.top != height:
        raise AlleleError(
            "E_RANGE",
            f"register {name} holds {height} levels, {cells.bottom - cells.top} were named",
            hint=f"write q{cells.top}-{cells.top + height - 1}",
        )
    written = min(width, cells.hi - cells.lo)
    notes: list[str] = []
    if written < width:
        notes.append(f"register {name} has {width} frames, {written} fit")
    target = Cells(cells.top, cells.bottom, cells.lo, cells.lo + written)
    return Outcome(changes=[_change(grid, target, register.codes[:, :written])], notes=notes)


def _swap(edit: Edit, grid: Grid, others: Others, registers: Registers) -> Outcome:
    other = others.get(edit.args[0])
    if other is None:
        raise AlleleError("E_NOT_FOUND", f"there is no strand {edit.args[0]!r} to swap with", hint="open it first")
    if other.id == grid.id:
        raise AlleleError(
            "E_BAD_EDIT", f"{grid.name} cannot be swapped with itself", hint="use copy and put to move cells"
        )
    same_codec(grid, other.name, other.model, other.codec_id)
    ours, theirs, notes = _common_cells(edit, grid, other)
    mine, yours = _cut(grid, ours), _cut(other, theirs)
    return Outcome(changes=[_change(grid, ours, yours), _change(other, theirs, mine)], notes=notes)


_OPERATIONS: dict[str, Operation] = {"set": _set, "copy": _copy, "put": _put, "swap": _swap}


def _common_cells(edit: Edit, grid: Grid, other: Grid) -> tuple[Cells, Cells, list[str]]:
    """What both strands have of the wanted cells, and what was left out."""
    top, last = edit.levels if edit.levels is not None else (0, grid.levels - 1)
    first, past = edit.frames if edit.frames is not None else (None, None)
    lo = first or 0
    wanted = (grid.frames if past is None else past) - lo
    at = _number(edit.options["at"], "at") if "at" in edit.options else lo
    if at < 0:
        raise AlleleError("E_RANGE", f"at={at}: frames are counted from 0", hint="write at=0")
    bottom = min(last + 1, grid.levels, other.levels)
    length = min(wanted, grid.frames - lo, other.frames - at)
    if length <= 0 or bottom <= top:
        raise AlleleError(
            "E_RANGE",
            f"nothing to swap: {grid.name} has {grid.levels} × {grid.frames} cells, "
            f"{other.name} has {other.levels} × {other.frames}",
            hint="name levels and frames that both have; at= is the first frame in the other",
        )
    notes: list[str] = []
    if length < wanted:
        notes.append(f"cropped from {wanted} to {length} frames: that is what both have")
    if bottom < last + 1:
        notes.append(f"cropped to levels {top} to {bottom - 1}: that is what both have")
    return Cells(top, bottom, lo, lo + length), Cells(top, bottom, at, at + length), notes


def _cut(grid: Grid, cells: Cells) -> Codes:
    return grid.codes[cells.top : cells.bottom, cells.lo : cells.hi]


def _change(grid: Grid, cells: Cells, after: Codes) -> Change:
    return Change(
        strand=grid.id,
        level_lo=cells.top,
        frame_lo=cells.lo,
        before=_cut(grid, cells).copy(),
        after=after.astype(np.uint16, copy=True),
    )


def _number(text: str, what: str) -> int:
    try:
        return int(text, 10)
    except ValueError:
        raise AlleleError("E_BAD_EDIT", f"{what} is a whole number, not {text!r}") from None


def _register_name(text: str) -> str:
    if len(text) != 1 or text not in REGISTER_NAMES:
        raise AlleleError("E_BAD_EDIT", f"{text!r} is no register", hint="registers are a to z and 0 to 9")
    return text

"""The operations `copy`, `put`, `mix` and `flood`, which store cells in registers and write them."""

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from daemon.edits.arguments import code_number, register_name, whole
from daemon.edits.ranges import arriving, cells_of, change_of, columns_of, cut, merged, recordings_of, same_codec
from daemon.edits.values import Grid, Outcome, Register, Step
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import LevelRange, Rect
from protocol.strands import Codes

Registers = Mapping[str, Register]


def copy(edit: Edit, grid: Grid) -> Step:
    """Store the cells of the range in a register."""
    name, cells = register_name(edit.args[0]), cells_of(edit, grid)
    return Outcome(registers={name: register_of(grid, cells)})


def register_of(grid: Grid, cells: Rect) -> Register:
    """The content of a register that keeps the cells of a rectangle."""
    return Register(
        codes=cut(grid, cells).copy(),
        columns=columns_of(grid, cells).copy(),
        recordings=recordings_of(grid),
        level_lo=cells.levels.first,
        model=grid.meta.model,
        codec_id=grid.meta.codec_id,
    )


def put(edit: Edit, grid: Grid, registers: Registers) -> Step:
    """Write a register from the first frame of the range on, as far as both extend."""
    register, target, notes = _landing(edit, grid, registers)
    columns = arriving(edit, register.columns[:, : target.width], columns_of(grid, target))
    change = change_of(grid, target, register.codes[:, : target.width], columns, register.recordings)
    return Outcome(changes=[change], notes=notes)


def mix(edit: Edit, grid: Grid, registers: Registers) -> Step:
    """Write a register like `put`, but only into cells that contain the code of a gap."""
    register, target, notes = _landing(edit, grid, registers)
    here = cut(grid, target)
    gaps = here == _gap(edit, grid, target)
    if not gaps.any():
        notes.append("no cell there contains the gap's code: nothing was written")
    after = np.where(gaps, register.codes[:, : target.width], here)
    mine = columns_of(grid, target)
    change = change_of(
        grid,
        target,
        after,
        *merged(grid, mine, arriving(edit, register.columns[:, : target.width], mine), register.recordings, gaps[0]),
    )
    return Outcome(changes=[change], notes=notes)


def flood(edit: Edit, grid: Grid, registers: Registers) -> Step:
    """Write a register repeatedly over the whole range. The last repetition is cropped."""
    register, cells = _placed(edit, grid, registers)
    width = register.codes.shape[1]
    times, rest = divmod(cells.width, width)
    notes = [f"{times} times, then the first {rest} of its {width} frames"] if rest else []
    places = np.arange(cells.width) % width
    columns = arriving(edit, register.columns[:, places], columns_of(grid, cells))
    return Outcome(
        changes=[change_of(grid, cells, register.codes[:, places], columns, register.recordings)], notes=notes
    )


def _landing(edit: Edit, grid: Grid, registers: Registers) -> tuple[Register, Rect, list[str]]:
    """The register, the cells that it overwrites, and a note if it is cropped."""
    register, cells = _placed(edit, grid, registers)
    width = register.codes.shape[1]
    written = min(width, cells.width)
    notes = [f"register {edit.args[0]} has {width} frames, {written} fit"] if written < width else []
    return register, cells.first_frames(written), notes


def filled_register(edit: Edit, grid: Grid, registers: Registers) -> Register:
    """Return the register that an edit names.

    Raises:
        AlleleError: E_NOT_FOUND if it is empty, E_WRONG_MODEL if its codes are of another model.
    """
    name = register_name(edit.args[0])
    register = registers.get(name)
    if register is None:
        filled = ", ".join(sorted(registers)) or "none"
        raise AlleleError(
            "E_NOT_FOUND", f"register {name} is empty (filled: {filled})", hint=f"fill it first: copy {name} q0 @0:8"
        )
    same_codec(grid, f"register {name}", register.model, register.codec_id)
    return register


def _placed(edit: Edit, grid: Grid, registers: Registers) -> tuple[Register, Rect]:
    """The register, and its target range. Its levels are those named, or else those that it was copied from."""
    register, name = filled_register(edit, grid, registers), edit.args[0]
    height = register.codes.shape[0]
    copied_from = LevelRange(register.level_lo, register.level_lo + height - 1)
    levels = copied_from if edit.levels is None else edit.levels
    cells = cells_of(replace(edit, levels=levels), grid)
    if cells.height != height:
        raise AlleleError(
            "E_RANGE",
            f"register {name} contains {height} levels, {cells.height} were named",
            hint=f"write {LevelRange(levels.first, levels.first + height - 1)}",
        )
    return register, cells


def _gap(edit: Edit, grid: Grid, target: Rect) -> Codes:
    """The code that marks a gap on each of the target's levels, (q, 1)."""
    text = edit.options.get("gap", "")
    if not text:
        raise AlleleError(
            "E_BAD_EDIT",
            "the code of gaps is missing",
            hint="gap=17 is a code, gap=@3 is the code of each level at frame 3",
        )
    if not text.startswith("@"):
        return np.full((target.height, 1), code_number(text, grid.meta.codebook, "gap"), np.uint16)
    frame = whole(text[1:], "gap=@FRAME")
    if not 0 <= frame < grid.frames:
        raise AlleleError(
            "E_RANGE", f"gap=@{frame}: {grid.meta.name} has frames 0 to {grid.frames - 1}", hint="name one of them"
        )
    return grid.codes[target.levels.index, frame : frame + 1]

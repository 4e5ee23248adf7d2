"""What each operation does to cells. Pure: values in, a `Step` out; nothing is written to.

An operation names the strand it is applied to first; `swap` is the one that changes another strand too. One that takes
a model's vectors gives a `Computation` first; everything else is an `Outcome` at once.
"""

from collections.abc import Callable

from daemon.edits import cells, computed, locks, pairs, registers, timeline
from daemon.edits.pairs import Others
from daemon.edits.registers import Registers
from daemon.edits.values import Grid, Step
from protocol.edits import Edit, check_edit

_ALONE: dict[str, Callable[[Edit, Grid], Step]] = {
    "set": cells.set_code,
    "paint": cells.paint,
    "copy": registers.copy,
    "shift": timeline.shift,
    "reverse": timeline.reverse,
    "stretch": timeline.stretch,
    "repeat": timeline.repeat,
    "mirror": timeline.mirror,
    "mutate": computed.mutate,
    "nudge": computed.nudge,
}
_WITH_REGISTERS: dict[str, Callable[[Edit, Grid, Registers], Step]] = {
    "put": registers.put,
    "mix": registers.mix,
    "flood": registers.flood,
}
_WITH_OTHERS: dict[str, Callable[[Edit, Grid, Others], Step]] = {
    "swap": pairs.swap,
    "blend": computed.blend,
    "mosaic": computed.mosaic,
}


def apply(edit: Edit, grid: Grid, others: Others, filled: Registers) -> Step:
    """Compute an edit, as far as codes alone reach.

    Args:
        edit: what to do; `others` is keyed by the name it gives another strand.
        grid: the strand it is applied to.
        filled: the registers filled so far.

    Raises:
        AlleleError: E_BAD_EDIT, E_RANGE, E_BAD_CODE, E_NOT_FOUND or E_WRONG_MODEL.
    """
    op = check_edit(edit).op
    if op in ("lock", "unlock"):
        return locks.relock(edit, grid)

    def step(edit: Edit) -> Step:
        if op in _WITH_OTHERS:
            return _WITH_OTHERS[op](edit, grid, others)
        if op in _WITH_REGISTERS:
            return _WITH_REGISTERS[op](edit, grid, filled)
        return _ALONE[op](edit, grid)

    return locks.keep_locked(edit, grid, others, step)

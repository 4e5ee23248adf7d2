"""The table of functions that compute operations. They change no argument and return a `Step`.

`OPERATIONS` has one function for each row of `protocol.operations`. An operation that needs a model returns a
`Computation` first; every other returns an `Outcome` at once.
"""

from collections.abc import Callable

from daemon.edits import (
    cells,
    computed,
    cutting,
    locks,
    loop_point,
    mutating,
    pairs,
    regenerating,
    registers,
    tempo,
    timeline,
)
from daemon.edits.pairs import Others
from daemon.edits.registers import Registers
from daemon.edits.values import Grid, Step
from protocol.edits import Edit, check_edit
from protocol.errors import AlleleError
from protocol.operations import OPS

Operation = Callable[[Edit, Grid, Others, Registers], Step]


def _alone(work: Callable[[Edit, Grid], Step]) -> Operation:
    return lambda edit, grid, _others, _filled: work(edit, grid)


def _with_others(work: Callable[[Edit, Grid, Others], Step]) -> Operation:
    return lambda edit, grid, others, _filled: work(edit, grid, others)


def _with_registers(work: Callable[[Edit, Grid, Registers], Step]) -> Operation:
    return lambda edit, grid, _others, filled: work(edit, grid, filled)


OPERATIONS: dict[str, Operation] = {
    "set": _alone(cells.set_code),
    "paint": _alone(cells.paint),
    "swap": _with_others(pairs.swap),
    "copy": _alone(registers.copy),
    "put": _with_registers(registers.put),
    "mix": _with_registers(registers.mix),
    "flood": _with_registers(registers.flood),
    "blend": _with_others(computed.blend),
    "shift": _alone(timeline.shift),
    "reverse": _alone(timeline.reverse),
    "stretch": _alone(timeline.stretch),
    "repeat": _alone(timeline.repeat),
    "mirror": _alone(timeline.mirror),
    "crop": _alone(cutting.crop),
    "cut": _alone(cutting.remove),
    "insert": _with_registers(cutting.insert),
    "silence": _alone(cutting.silence),
    "seamless": _alone(loop_point.seamless),
    "pause": _alone(cutting.pause),
    "join": _with_others(cutting.join),
    "mutate": _alone(mutating.mutate),
    "nudge": _alone(computed.nudge),
    "regenerate": _alone(regenerating.regenerate),
    "mosaic": _with_others(computed.mosaic),
    "lock": _alone(locks.relock),
    "unlock": _alone(locks.relock),
    "tempo": _alone(tempo.retime),
}


def apply(edit: Edit, grid: Grid, others: Others, filled: Registers) -> Step:
    """Compute an edit, up to the first computation that needs a model.

    Args:
        edit: the edit to apply.
        grid: the strand that it is applied to.
        others: other strands, by the name that the edit gives them.
        filled: the registers that are filled.

    Raises:
        AlleleError: E_BAD_EDIT, E_RANGE, E_BAD_CODE, E_NOT_FOUND or E_WRONG_MODEL.
    """
    operation = OPERATIONS[check_edit(edit).op]
    if edit.frames is None and OPS[edit.op].needs_frames:
        raise AlleleError("E_BAD_EDIT", f"{edit.op} needs a range of frames", hint=f"as in: {OPS[edit.op].example}")
    return locks.keep_locked(edit, grid, others, lambda edit: operation(edit, grid, others, filled))

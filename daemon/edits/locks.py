"""The operations `lock` and `unlock`, and the protection of locked levels from all other operations.

The lock is a mask on the level axis. It belongs to the strand and not to its history, so undo and redo ignore it. An
operation is computed as if nothing were locked; then the locked levels keep their cells, so locks do not change the
result on other levels. Operations that need a model first exclude locked levels at the ends of the range: if level 0 is
locked, `blend q0-7` is `blend q1-7`. A change of length would change every level, so it is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from msgspec import structs

from daemon.edits.ranges import check_levels, levels_of
from daemon.edits.values import Change, Computation, Grid, Outcome, Step
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.ranges import LevelRange


def relock(edit: Edit, grid: Grid) -> Step:
    """Lock or unlock levels, by default all of them."""
    if edit.frames is not None:
        raise AlleleError(
            "E_BAD_EDIT", f"{edit.op} takes whole levels, no frames", hint=f"as in: {OPS[edit.op].example}"
        )
    named = frozenset(check_levels(levels_of(edit, grid), grid).numbers)
    locked = grid.locked | named if edit.op == "lock" else grid.locked - named
    if locked == grid.locked:
        return Outcome(notes=[f"{levels_words(named)} {'was' if len(named) == 1 else 'were'} {edit.op}ed already"])
    return Outcome(locked=locked, notes=[f"locked now: {levels_words(locked) or 'nothing'}"])


def keep_locked(edit: Edit, grid: Grid, others: Mapping[str, Grid], step: Callable[[Edit], Step]) -> Step:
    """Run an operation and restore the cells of locked levels. A note names the levels that were restored.

    A swap changes a level on neither strand if it is locked on one of them.

    Raises:
        AlleleError: E_LOCKED if all levels of the range are locked, or the length would change.
    """
    spec, locked = OPS[edit.op], grid.locked
    if not spec.heeds_locks:
        return step(edit)
    if spec.changes_other and edit.other is not None and edit.other in others:
        locked |= others[edit.other].locked
    if not locked:
        return step(edit)
    if spec.resizes:
        raise AlleleError(
            "E_LOCKED",
            f"{edit.op} changes the length of every level, and {levels_words(locked)} of {grid.meta.name} is locked",
            hint="unlock frees levels",
        )
    if spec.needs_model:
        edit = _trimmed(edit, grid, locked)
    return _masked(step(edit), grid, locked)


def levels_words(levels: Iterable[int]) -> str:
    """Write levels as text with ranges, as in `q0-1, q4`; "" for none."""
    runs: list[LevelRange] = []
    for level in sorted(levels):
        if runs and runs[-1].last == level - 1:
            runs[-1] = LevelRange(runs[-1].first, level)
        else:
            runs.append(LevelRange(level, level))
    return ", ".join(map(str, runs))


def _trimmed(edit: Edit, grid: Grid, locked: frozenset[int]) -> Edit:
    """The edit on the levels from the first to the last that is not locked."""
    levels = levels_of(edit, grid)
    if levels.last >= grid.levels:
        return edit  # the operation reports what does not exist
    free = [level for level in levels.numbers if level not in locked]
    if not free:
        raise _all_locked(levels.numbers, grid)
    return structs.replace(edit, levels=LevelRange(free[0], free[-1]))


def _masked(step: Step, grid: Grid, locked: frozenset[int]) -> Step:
    if isinstance(step, Computation):
        finish = step.finish
        return replace(step, finish=lambda answer: _masked(finish(answer), grid, locked))
    changes = [_keep(change, grid, locked) for change in step.changes]
    hit = {level for change in step.changes for level in change.levels.numbers} & locked
    notes = [f"{levels_words(hit)} locked: not changed"] if hit else []
    return Outcome(changes=changes, registers=step.registers, notes=[*step.notes, *notes])


def _keep(change: Change, grid: Grid, locked: frozenset[int]) -> Change:
    kept = np.array([level in locked for level in change.levels.numbers], dtype=np.bool_)
    if kept.all():
        raise _all_locked(change.levels.numbers, grid)
    after = np.where(kept[:, None], change.before, change.after).astype(np.uint16)
    return replace(change, after=after, columns=None if 0 in locked else change.columns)


def _all_locked(levels: Iterable[int], grid: Grid) -> AlleleError:
    words = levels_words(levels)
    return AlleleError(
        "E_LOCKED", f"{words} of {grid.meta.name} is locked: nothing to change", hint="unlock frees levels"
    )

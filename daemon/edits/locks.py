"""`lock` and `unlock`, and how every other operation leaves locked levels alone.

The lock is a mask on the level axis and belongs to the strand, not to its history: undo and redo pass it by. An
operation is computed as if nothing were locked, then locked levels keep the cells they had, so the others get what they
would have got. Those that take a model's vectors first leave out what is locked at the ends of the range: with level 0
locked, `blend q0-7` is `blend q1-7`. A change of length would move every level, so it is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from daemon.edits.values import Change, Computation, Grid, Outcome, Step
from protocol.edits import OPS, Edit, format_levels
from protocol.errors import AlleleError

MODELLED = ("blend", "mosaic", "mutate", "nudge")


def relock(edit: Edit, grid: Grid) -> Step:
    """`lock` or `unlock` levels, all by default."""
    if edit.frames is not None:
        raise AlleleError(
            "E_BAD_EDIT", f"{edit.op} takes whole levels, no frames", hint=f"as in: {OPS[edit.op].example}"
        )
    first, last = edit.levels if edit.levels is not None else (0, grid.levels - 1)
    if last >= grid.levels:
        raise AlleleError(
            "E_RANGE",
            f"level {last} does not exist: {grid.name} has levels 0 to {grid.levels - 1}",
            hint=f"write {format_levels(min(first, grid.levels - 1), grid.levels - 1)}",
        )
    named = frozenset(range(first, last + 1))
    locked = grid.locked | named if edit.op == "lock" else grid.locked - named
    if locked == grid.locked:
        return Outcome(notes=[f"{levels_words(named)} {'was' if len(named) == 1 else 'were'} {edit.op}ed already"])
    return Outcome(locked=locked, notes=[f"locked now: {levels_words(locked) or 'nothing'}"])


def keep_locked(edit: Edit, grid: Grid, others: Mapping[str, Grid], step: Callable[[Edit], Step]) -> Step:
    """What an operation does, less what it would do to locked levels; says which those are.

    A swap leaves a level alone that is locked on either side, on both.

    Raises:
        AlleleError: E_LOCKED when nothing else would be changed, or the length would.
    """
    locked = grid.locked
    if edit.op == "swap" and edit.args[0] in others:
        locked |= others[edit.args[0]].locked
    if not locked or edit.op == "copy":
        return step(edit)
    if OPS[edit.op].resizes:
        raise AlleleError(
            "E_LOCKED",
            f"{edit.op} changes the length of every level, and {levels_words(locked)} of {grid.name} is locked",
            hint="unlock frees levels",
        )
    if edit.op in MODELLED:
        edit = _trimmed(edit, grid, locked)
    return _masked(step(edit), grid, locked)


def levels_words(levels: Iterable[int]) -> str:
    """Levels as text, runs as ranges: `q0-1, q4`; "" for none."""
    runs: list[tuple[int, int]] = []
    for level in sorted(levels):
        if runs and runs[-1][1] == level - 1:
            runs[-1] = (runs[-1][0], level)
        else:
            runs.append((level, level))
    return ", ".join(format_levels(*run) for run in runs)


def _trimmed(edit: Edit, grid: Grid, locked: frozenset[int]) -> Edit:
    """The edit on the levels from the first to the last that is free."""
    first, last = edit.levels if edit.levels is not None else (0, grid.levels - 1)
    if last >= grid.levels:
        return edit  # the operation says what does not exist
    free = [level for level in range(first, last + 1) if level not in locked]
    if not free:
        raise _all_locked(range(first, last + 1), grid)
    return Edit(op=edit.op, args=edit.args, levels=(free[0], free[-1]), frames=edit.frames, options=edit.options)


def _masked(step: Step, grid: Grid, locked: frozenset[int]) -> Step:
    if isinstance(step, Computation):
        finish = step.finish
        return replace(step, finish=lambda answer: _masked(finish(answer), grid, locked))
    changes = [_keep(change, grid, locked) for change in step.changes]
    hit = {level for change in step.changes for level in _rows(change)} & locked
    notes = [f"{levels_words(hit)} locked: left alone"] if hit else []
    return Outcome(changes=changes, registers=step.registers, notes=[*step.notes, *notes])


def _rows(change: Change) -> range:
    """The levels a change writes to."""
    return range(change.level_lo, change.level_lo + change.before.shape[0])


def _keep(change: Change, grid: Grid, locked: frozenset[int]) -> Change:
    kept = np.array([level in locked for level in _rows(change)], dtype=np.bool_)
    if kept.all():
        raise _all_locked(_rows(change), grid)
    after = np.where(kept[:, None], change.before, change.after).astype(np.uint16)
    return replace(change, after=after)


def _all_locked(levels: Iterable[int], grid: Grid) -> AlleleError:
    words = levels_words(levels)
    return AlleleError("E_LOCKED", f"{words} of {grid.name} is locked: nothing to change", hint="unlock frees levels")

"""What can be done to cells, in the editor: every operation, its undoing, and its repetition."""

from protocol.operations import NOT_YET, OPS
from tui.actions.action import Action
from tui.actions.situation import (
    Check,
    one_cell,
    operation,
    redoable,
    repeatable,
    selected,
    strand,
    undoable,
)

EDITOR, UNDO_LIST = ("editor",), ("undolist",)


def _edit(name: str, title: str, why_not: Check, text: str = "") -> Action:
    return Action(f"edit.{name}", title, "Change", EDITOR, why_not, text)


ACTIONS: tuple[Action, ...] = (
    *(_edit(name, spec.action, operation(spec), spec.action_help) for name, spec in OPS.items() if spec.action),
    _edit("regenerate", "Regenerate: fill in from the prior", lambda _: "; ".join(NOT_YET["regenerate"])),
    _edit("next_code", "Next code by what colours show", one_cell, "brighter, unless {view.descriptor} chose another"),
    _edit("prev_code", "Previous code by what colours show", one_cell),
    _edit("next_16", "16 codes on by what colours show", one_cell),
    _edit("prev_16", "16 codes back by what colours show", one_cell),
    _edit("shift_left", "Shift earlier in time", selected, "rotates inside the selection, by the count"),
    _edit("shift_right", "Shift later in time", selected, "rotates inside the selection, by the count"),
    _edit("again", "The last change again, here", repeatable, "whatever it was, : edits too"),
    _edit("undo", "Undo", undoable, "a swap is undone on both strands"),
    _edit("redo", "Redo", redoable),
    _edit("history", "Undo list: jump to any moment", strand),
    Action("undolist.jump", "Go to this moment", "Change", UNDO_LIST, help="undoes or redoes what lies between"),
)

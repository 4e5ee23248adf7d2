"""What can be done in the editor: moving, selecting, changing cells."""

from tui.actions.action import Action
from tui.actions.situation import (
    Check,
    always,
    both,
    one_cell,
    online_strand,
    redoable,
    repeatable,
    selected,
    strand,
    undoable,
)

EDITOR = ("editor",)


def _move(name: str, title: str, text: str = "") -> Action:
    return Action(f"move.{name}", title, "Move", EDITOR, strand, text)


def _select(name: str, title: str, why_not: Check = strand, text: str = "") -> Action:
    return Action(f"select.{name}", title, "Select", EDITOR, why_not, text)


def _edit(name: str, title: str, why_not: Check = online_strand, text: str = "") -> Action:
    return Action(f"edit.{name}", title, "Change", EDITOR, why_not, text)


MOVES = (
    _move("left", "Left", "a count goes further"),
    _move("down", "Down a level"),
    _move("up", "Up a level"),
    _move("right", "Right"),
    _move("next_change", "Next change of code on this level"),
    _move("prev_change", "Previous change of code"),
    _move("start", "First frame"),
    _move("end", "Last frame"),
    _move("first_level", "First level, or the level counted"),
    _move("last_level", "Last level, or the level counted"),
    _move("frame", "To the frame counted"),
    _move("page_left", "A page left"),
    _move("page_right", "A page right"),
    Action("pane.other", "To the other pane", "Move", EDITOR),
    Action(
        "pane.link", "Link or free the two cursors", "Move", EDITOR, always, "linked: swap exchanges the same frames"
    ),
)

SELECTS = (
    _select("start", "Select a rectangle", text="again: leave it"),
    _select("levels", "Select on all levels"),
    _select("corner", "To the other corner of the selection", selected),
    _select("drop", "Drop the selection", always),
)

EDITS = (
    _edit("swap", "Swap with the other pane", both, "the selection, or as many cells as the count"),
    _edit("set", "Set a code", text="asks for the number"),
    _edit("next_code", "Next code number", one_cell),
    _edit("prev_code", "Previous code number", one_cell),
    _edit("copy", "Copy into a register", text="register a unless one is named"),
    _edit("put", "Put a register here", text="on the levels it was copied from"),
    _edit("again", "The last change again, here", repeatable, "whatever it was, : edits too"),
    _edit("undo", "Undo", undoable, "a swap is undone on both strands"),
    _edit("redo", "Redo", redoable),
)

ACTIONS: tuple[Action, ...] = (*MOVES, *SELECTS, *EDITS)

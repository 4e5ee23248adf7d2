"""What can be done in the editor: moving and selecting."""

from tui.actions.action import Action
from tui.actions.situation import Check, always, selected, strand

EDITOR = ("editor",)


def _move(name: str, title: str, text: str = "") -> Action:
    return Action(f"move.{name}", title, "Move", EDITOR, strand, text)


def _select(name: str, title: str, why_not: Check = strand, text: str = "") -> Action:
    return Action(f"select.{name}", title, "Select", EDITOR, why_not, text)


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
        "pane.link",
        "Link or free the two panes",
        "Move",
        EDITOR,
        always,
        "linked: they scroll and zoom as one, and swap exchanges the same frames",
    ),
)

SELECTS = (
    _select("start", "Select a rectangle", text="again: leave it"),
    _select("levels", "Select on all levels"),
    _select("grow", "Select more: cell, steady stretch, level, all"),
    _select("last", "The last selection again"),
    _select("corner", "To the other corner of the selection", selected),
    _select("drop", "Drop the selection", always),
)

ACTIONS: tuple[Action, ...] = (*MOVES, *SELECTS)

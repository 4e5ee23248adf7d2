"""The actions of the editor that move the cursor and select cells."""

from tui.actions.action import Action
from tui.actions.situation import Check, always, selected, strand

EDITOR = ("editor",)


def _move(name: str, title: str, text: str = "") -> Action:
    return Action(f"move.{name}", title, "Move", EDITOR, strand, text)


def _pane(name: str, title: str, text: str = "") -> Action:
    return Action(f"pane.{name}", title, "View", EDITOR, always, text)


def _select(name: str, title: str, why_not: Check = strand, text: str = "") -> Action:
    return Action(f"select.{name}", title, "Select", EDITOR, why_not, text)


MOVES = (
    _move("left", "Left", "a count moves further"),
    _move("down", "Down a level"),
    _move("up", "Up a level"),
    _move("right", "Right"),
    _move("next_change", "Next change of code on this level"),
    _move("prev_change", "Previous change of code"),
    _move("start", "First frame"),
    _move("end", "Last frame"),
    _move("first_level", "First level, or the level of the count"),
    _move("last_level", "Last level, or the level of the count"),
    _move("frame", "To the frame of the count"),
    _move("page_left", "A page left"),
    _move("page_right", "A page right"),
    Action("pane.other", "To the other pane", "Move", EDITOR),
    Action(
        "pane.link",
        "Link or unlink the two panes",
        "Move",
        EDITOR,
        always,
        "linked: they scroll and zoom as one, and swap exchanges the same frames",
    ),
    _pane("zoom", "This pane alone on the screen, or both", "the other pane stays as it is"),
    _pane("higher", "This pane higher by a row", "a count of rows; sizes are remembered"),
    _pane("lower", "This pane lower by a row"),
    _pane("equal", "Both panes as high as their levels need"),
)

SELECTS = (
    _select("start", "Select a rectangle", text="again: end the selection"),
    _select("levels", "Select all levels"),
    _select("grow", "Select more: cell, same code, level, all"),
    _select("last", "Restore the last selection"),
    _select("corner", "To the other corner of the selection", selected),
    _select("drop", "Clear the selection, or stop what is being computed", always),
)

ACTIONS: tuple[Action, ...] = (*MOVES, *SELECTS)

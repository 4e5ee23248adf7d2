"""The `Action` class: one thing a user can do, under an id that keymaps, the palette, help and the `:` line share."""

from dataclasses import dataclass

from tui.actions.situation import Check, always


@dataclass(frozen=True)
class Action:
    """One thing a user can do.

    Attributes:
        id: GROUP.NAME. A screen (or the application) has a handler for it in its `handlers`.
        title: what the action does, in words that are true under any keymap.
        help: a longer explanation. A placeholder such as `{edit.undo}` is replaced by the key of that action.
        screens: the screens that have the action; empty means all screens.
        why_not: gives a sentence that says why the action is not possible now, or "" when it is possible.
        letter: what the letter or digit after the key means ("a macro's name"); it arrives as `Press.register`.
    """

    id: str
    title: str
    group: str
    screens: tuple[str, ...] = ()
    why_not: Check = always
    help: str = ""
    letter: str = ""

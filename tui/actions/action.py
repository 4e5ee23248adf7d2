"""An action: one thing a person can do, with a name that keymaps, the palette, help and the `:` line share."""

from dataclasses import dataclass

from tui.actions.situation import Check, always


@dataclass(frozen=True)
class Action:
    """One thing a person can do.

    id: GROUP.NAME; a screen (or the application) has a handler for it in its `handlers`.
    title: what it does, in words that hold under any keymap. help: more of it. `{edit.undo}` stands for a key.
    screens: where; empty: everywhere. why_not: the sentence that says why it cannot be done now, "" when it can.
    letter: what the letter or digit after the key stands for ("a macro's name"); it arrives as `register`.
    """

    id: str
    title: str
    group: str
    screens: tuple[str, ...] = ()
    why_not: Check = always
    help: str = ""
    letter: str = ""

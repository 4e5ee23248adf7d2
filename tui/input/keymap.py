"""Keymaps, which bind keys to the action ids of tui.actions.

Data flow: `default_keymap(name)` returns one of the keymaps of tui.input.keymaps; the user's own keys
(tui.input.keyfile) are applied with `with_keys`. A `Keymap` is an immutable value. The app holds the current one, and
screens make their key tables, hints and help from it.

A key sequence is written as keys with spaces between them: "g g". A key is the printable character itself or the
terminal's name for it (escape, ctrl+r, left, f1, space).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from tui.actions.registry import ACTIONS, BY_ID, actions_of, meet
from tui.input.keymaps import tracker, vim

NAMES = ("vim", "tracker")
DEFAULT = "vim"
_PLACE = re.compile(r"\{([a-z]+\.[a-z_0-9]+)\}")
_SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "backspace": "Backspace",
}
_SAME = {
    "ctrl+i": "Tab",
    "ctrl+m": "Enter",
    "ctrl+j": "Enter",
    "ctrl+h": "Backspace",
    "ctrl+left_square_bracket": "Esc",
    "ctrl+[": "Esc",
}


@dataclass(frozen=True)
class Keymap:
    """Key sequences by action id, in the order in which they are shown.

    Attributes:
        counts: whether digits before a key are a count.
    """

    name: str
    keys: Mapping[str, tuple[str, ...]]
    counts: bool = True

    def keys_for(self, action_id: str) -> tuple[str, ...]:
        """Return the key sequences of an action; empty when it has no key."""
        return self.keys.get(action_id, ())

    def table_of(self, screen: str) -> dict[str, str]:
        """Return the action id for each key sequence on a screen."""
        return {key: action.id for action in actions_of(screen) for key in self.keys_for(action.id)}

    def words_for(self, action_id: str) -> str:
        """Return all keys of an action as text, such as `gg or Home`; "" when it has none."""
        return " or ".join(shown(key) for key in self.keys_for(action_id))

    def key_for(self, action_id: str) -> str:
        """Return how to run an action: its first key, or the command for the : line when it has no key."""
        keys = self.keys_for(action_id)
        return shown(keys[0]) if keys else f":{action_id}"

    def fill(self, text: str) -> str:
        """Replace each placeholder `{action.id}` in a sentence by the key of that action."""
        return _PLACE.sub(lambda match: self.key_for(match[1]) if match[1] in BY_ID else match[0], text)

    def with_keys(self, action_id: str, keys: tuple[str, ...]) -> "Keymap":
        """Return a copy with other keys for one action. Other actions keep their keys, even if they clash."""
        return replace(self, keys={**self.keys, action_id: keys})

    def clashes(self, action_id: str, key: str) -> list[str]:
        """List the ids of other actions whose keys clash with a key, on any screen that has both actions.

        Two equal sequences clash, and so do a sequence and a longer one that begins with it, because the shorter one
        could never act alone.
        """
        mine = BY_ID[action_id]
        return [
            other.id
            for other in ACTIONS
            if other.id != action_id
            and meet(mine, other)
            and any(_overlap(key, theirs) for theirs in self.keys_for(other.id))
        ]

    def taken_from_others(self, action_id: str, keys: tuple[str, ...]) -> "Keymap":
        """Return a copy with these keys for one action, in which every clashing key of other actions is removed."""
        made = dict(self.keys)
        for key in keys:
            for other in self.clashes(action_id, key):
                made[other] = tuple(theirs for theirs in made[other] if not _overlap(key, theirs))
        made[action_id] = keys
        return replace(self, keys=made)


@cache
def default_keymap(name: str) -> Keymap:
    """Return one of the built-in keymaps: vim, or tracker (vim with some keys replaced)."""
    made = Keymap("vim", vim.KEYS)
    if name == "vim":
        return made
    if name != "tracker":
        raise KeyError(name)
    for action_id, keys in tracker.KEYS.items():
        made = made.taken_from_others(action_id, keys)
    return Keymap("tracker", {**made.keys, **tracker.KEYS}, tracker.COUNTS)


def unsendable(key: str) -> str:
    """Return why some terminals do not send a key of a sequence, or "" when every terminal does."""
    for part in key.split(" "):
        if part in _SAME:
            return f"{part} is the same as {_SAME[part]} in a terminal"
        modifiers = set(part.split("+")[:-1]) if part not in ("+", "ctrl++") else set[str]()
        if {"ctrl", "shift"} <= modifiers and len(part.rsplit("+", 1)[-1]) == 1:
            return f"{part}: terminals send it without Shift"
        if modifiers & {"super", "hyper", "meta"}:
            return f"{part}: terminals use it themselves"
    return ""


def shown(key: str) -> str:
    """Return a key sequence as help and hints show it."""
    words = [_SHOWN.get(part, part) for part in key.split(" ")]
    return "".join(words) if all(len(word) == 1 for word in words) else " ".join(words)


def _overlap(one: str, two: str) -> bool:
    """Return whether two sequences are equal or one begins with the other."""
    return one == two or one.startswith(two + " ") or two.startswith(one + " ")

"""Which keys do what: a keymap binds keys to the ids of tui.actions.

Data flow: `usual(name)` is one of the keymaps of tui.input.keymaps; a person's own keys (tui.input.keyfile) are laid
over it with `with_keys`. A `Keymap` is a value: screens make their key tables, hints and help of the one the app holds.

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
    """Keys by action id, in the order in which they are shown. `counts`: digits before a key are a count."""

    name: str
    keys: Mapping[str, tuple[str, ...]]
    counts: bool = True

    def keys_for(self, action_id: str) -> tuple[str, ...]:
        """The key sequences of an action, none when it has no key."""
        return self.keys.get(action_id, ())

    def table_of(self, screen: str) -> dict[str, str]:
        """Key sequence to action id on a screen."""
        return {key: action.id for action in actions_of(screen) for key in self.keys_for(action.id)}

    def words_for(self, action_id: str) -> str:
        """All keys of an action as one reads them: `gg or Home`; "" when it has none."""
        return " or ".join(shown(key) for key in self.keys_for(action_id))

    def key_for(self, action_id: str) -> str:
        """How to do an action: its first key, or how the : line calls it."""
        keys = self.keys_for(action_id)
        return shown(keys[0]) if keys else f":{action_id}"

    def fill(self, text: str) -> str:
        """A sentence with each `{action.id}` in it replaced by the key that does it."""
        return _PLACE.sub(lambda match: self.key_for(match[1]) if match[1] in BY_ID else match[0], text)

    def with_keys(self, action_id: str, keys: tuple[str, ...]) -> "Keymap":
        """The same keymap with other keys for one action; nothing is taken from other actions."""
        return replace(self, keys={**self.keys, action_id: keys})

    def clashes(self, action_id: str, key: str) -> list[str]:
        """Ids of other actions that a key would get in the way of, on any screen where both mean something.

        The same key twice clashes, and so does one that begins a longer sequence: it could never act alone.
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
        """The same keymap with these keys for one action, and none that gets in their way anywhere else."""
        made = dict(self.keys)
        for key in keys:
            for other in self.clashes(action_id, key):
                made[other] = tuple(theirs for theirs in made[other] if not _overlap(key, theirs))
        made[action_id] = keys
        return replace(self, keys=made)


@cache
def usual(name: str) -> Keymap:
    """One of the keymaps that come with Allele: vim, or tracker (vim with other keys laid over it)."""
    made = Keymap("vim", vim.KEYS)
    if name == "vim":
        return made
    if name != "tracker":
        raise KeyError(name)
    for action_id, keys in tracker.KEYS.items():
        made = made.taken_from_others(action_id, keys)
    return Keymap("tracker", {**made.keys, **tracker.KEYS}, tracker.COUNTS)


def unsendable(key: str) -> str:
    """Why no terminal can be relied on to send a key of a sequence, "" when it can be used."""
    for part in key.split(" "):
        if part in _SAME:
            return f"{part} is the same as {_SAME[part]} in a terminal"
        modifiers = set(part.split("+")[:-1]) if part not in ("+", "ctrl++") else set[str]()
        if {"ctrl", "shift"} <= modifiers and len(part.rsplit("+", 1)[-1]) == 1:
            return f"{part}: terminals send it without Shift"
        if modifiers & {"super", "hyper", "meta"}:
            return f"{part}: terminals keep it for themselves"
    return ""


def shown(key: str) -> str:
    """A key as it is written in help and hints."""
    words = [_SHOWN.get(part, part) for part in key.split(" ")]
    return "".join(words) if all(len(word) == 1 for word in words) else " ".join(words)


def _overlap(one: str, two: str) -> bool:
    """The same sequence, or one is how the other begins."""
    return one == two or one.startswith(two + " ") or two.startswith(one + " ")

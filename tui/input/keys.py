"""The key reader: turns single keys into actions, with vim's counts, register prefixes, two-key commands and letters.

The syntax is `[count]["x]key[key][letter]`. The reader holds what has been typed so far; `feed` adds one key.
Key names are the printable character itself, or the terminal's name for the others (`escape`, `ctrl+r`, `left`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from protocol.edits import REGISTER_NAMES

MAX_COUNT = 999_999


@dataclass(frozen=True)
class Pressed:
    """A complete command. `action` is None for keys without a meaning, and "" when a partial command was dropped."""

    action: str | None
    count: int | None
    register: str | None
    keys: str


class KeyReader:
    """Reads keys with a table that maps key sequences ("s", "g g", "ctrl+r") to action ids.

    Attributes:
        counts: whether digits before a command are a count.
        letters: ids of actions that take one more key, which arrives as `register`.
        bare: those actions of `letters` that take no further key at the moment.
    """

    def __init__(self, table: Mapping[str, str], *, counts: bool = True, letters: Collection[str] = ()) -> None:
        self._table = dict(table)
        self._prefixes = {keys[:at] for keys in table for at, char in enumerate(keys) if char == " "}
        self._counts, self._letters = counts, frozenset(letters)
        self.bare: Collection[str] = ()
        self.reset()

    def reset(self) -> None:
        """Forget the keys that were typed."""
        self._count: int | None = None
        self._register: str | None = None
        self._typed: list[str] = []
        self._asks: str | None = None

    @property
    def waiting(self) -> str:
        """The keys of a partial command, for the status line."""
        count = "" if self._count is None else str(self._count)
        register = "" if self._register is None else f'"{self._register}'
        return count + register + "".join(self._typed)

    @property
    def asked_letter_for(self) -> str | None:
        """The id of the action that waits for a letter, or None."""
        return self._asks

    def following(self) -> dict[str, str]:
        """Return the keys that complete the typed prefix, with the id of each key's action; empty without a prefix."""
        if not self._typed or self._asks is not None:
            return {}
        prefix = " ".join(self._typed) + " "
        return {keys.removeprefix(prefix): action for keys, action in self._table.items() if keys.startswith(prefix)}

    def feed(self, key: str) -> Pressed | None:
        """Read one more key. Returns None while the command is not complete."""
        if key == "escape" and self.waiting:
            return self._finish("", "escape")
        if self._asks is not None:
            return self._letter(key)
        if self._register == "":
            return self._named(key)
        if self._counts and not self._typed and self._is_digit(key):
            self._count = min(MAX_COUNT, (self._count or 0) * 10 + int(key))
            return None
        if key == '"' and not self._typed and key not in self._table:
            self._register = ""
            return None
        return self._further(key)

    def _further(self, key: str) -> Pressed | None:
        sequence = " ".join([*self._typed, key])
        action = self._table.get(sequence)
        if action in self._letters and action not in self.bare:
            self._asks, self._typed = action, [*self._typed, key]
            return None
        if action is not None:
            return self._finish(action, sequence)
        if sequence in self._prefixes:
            self._typed.append(key)
            return None
        return self._finish(None, sequence)

    def _named(self, key: str) -> Pressed | None:
        """Read the letter that names a register."""
        if key not in REGISTER_NAMES:
            return self._finish(None, f'"{key}')
        self._register = key
        return None

    def _letter(self, key: str) -> Pressed:
        """Read the letter that a command takes. A sequence such as `@@` gives the key itself as the letter."""
        keys = " ".join([*self._typed, key])
        if len(key) != 1 or not (key in REGISTER_NAMES or key == self._typed[-1]):
            return self._finish(None, keys)
        self._register = key
        return self._finish(self._asks, keys)

    def _is_digit(self, key: str) -> bool:
        return len(key) == 1 and key in "0123456789" and (key != "0" or self._count is not None)

    def _finish(self, action: str | None, keys: str) -> Pressed:
        pressed = Pressed(action, self._count, self._register, keys)
        self.reset()
        return pressed

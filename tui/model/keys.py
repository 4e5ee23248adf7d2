"""From single keys to actions: counts, register prefixes and two-key commands, as vim reads them.

`[count]["x]key[key]`. The reader holds what has been typed so far; `feed` says what a further key makes of it.
Key names are the printable character itself, or the terminal's name for the others (`escape`, `ctrl+r`, `left`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.edits import REGISTER_NAMES

MAX_COUNT = 999_999


@dataclass(frozen=True)
class Pressed:
    """A whole command. `action` is None when the keys mean nothing here."""

    action: str | None
    count: int | None
    register: str | None
    keys: str


class KeyReader:
    """Reads keys against a table from key sequences ("s", "g g", "ctrl+r") to action ids."""

    def __init__(self, table: Mapping[str, str], *, counts: bool = True) -> None:
        self._table = dict(table)
        self._prefixes = {keys.rsplit(" ", 1)[0] for keys in table if " " in keys}
        self._counts = counts
        self.reset()

    def reset(self) -> None:
        """Forget what was typed."""
        self._count: int | None = None
        self._register: str | None = None
        self._typed: list[str] = []

    @property
    def waiting(self) -> str:
        """What was typed and waits for more, for the status line."""
        count = "" if self._count is None else str(self._count)
        register = "" if self._register is None else f'"{self._register}'
        return count + register + "".join(self._typed)

    def feed(self, key: str) -> Pressed | None:
        """One more key. None: more is needed."""
        if self._register == "":
            if key in REGISTER_NAMES:
                self._register = key
                return None
            return self._finish(None, f'"{key}')
        if self._counts and not self._typed and self._is_digit(key):
            self._count = min(MAX_COUNT, (self._count or 0) * 10 + int(key))
            return None
        if self._counts and key == '"' and not self._typed:
            self._register = ""
            return None
        if key == "escape" and self.waiting:
            return self._finish("", "escape")
        sequence = " ".join([*self._typed, key])
        if sequence in self._table:
            return self._finish(self._table[sequence], sequence)
        if sequence in self._prefixes:
            self._typed.append(key)
            return None
        return self._finish(None, sequence)

    def _is_digit(self, key: str) -> bool:
        return len(key) == 1 and key in "0123456789" and (key != "0" or self._count is not None)

    def _finish(self, action: str | None, keys: str) -> Pressed:
        pressed = Pressed(action, self._count, self._register, keys)
        self.reset()
        return pressed

"""The `Press` that a key press, the palette or the `:` line passes to the handler of an action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Press:
    """One command as the user gave it.

    Attributes:
        count: the number typed before it.
        register: the letter typed with it.
        keys: the keys pressed.
    """

    count: int | None = None
    register: str | None = None
    keys: str = ""

    @property
    def times(self) -> int:
        """Return the count, or 1 when none was typed."""
        return self.count or 1


Handler = Callable[[Press], object]
Handlers = Mapping[str, Handler]
"""Maps action ids to their handler functions."""

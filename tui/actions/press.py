"""What a key press, the palette or the `:` line hands to the function that carries an action out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Press:
    """One command. count: the number typed before it. register: the letter typed with it. keys: the keys pressed."""

    count: int | None = None
    register: str | None = None
    keys: str = ""

    @property
    def times(self) -> int:
        """The count, 1 when none was typed."""
        return self.count or 1


Handler = Callable[[Press], object]
Handlers = Mapping[str, Handler]
"""Action id to the function that carries it out."""

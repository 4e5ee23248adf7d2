"""Macros: keys recorded under a letter and pressed again. Pure.

A stroke is a key as the registry names it. What is typed on prompts belongs to a macro; what is typed into the palette
or a form does not. A macro ends early at the first action that cannot be done, as in vim.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, repeat

MOST_STROKES = 500
MOST_PLAYED = 20_000  # a macro that plays itself ends here
LAST = "@"


@dataclass
class Macros:
    """Recorded strokes by name; `recording` is the name that is being recorded."""

    known: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    recording: str | None = None
    last: str | None = None
    is_broken: bool = False
    _strokes: list[str] = field(default_factory=list[str])
    _left: int = 0

    def begin(self, name: str) -> None:
        """Record from now on."""
        self.recording, self._strokes = name, []

    def note(self, stroke: str) -> None:
        """A key was pressed by hand."""
        if self.recording is not None and len(self._strokes) < MOST_STROKES:
            self._strokes.append(stroke)

    def finish(self) -> tuple[str, int]:
        """End the recording; its name and how many keys it has. The key that ended it is no part of it."""
        name, strokes = self.recording or "", self._strokes[:-1]
        self.recording = None
        self.known.pop(name, None)  # the newest is the last
        self.known[name] = strokes
        return name, len(strokes)

    def named(self, name: str | None) -> list[str] | None:
        """The strokes of a macro, `@` for the last one played; None when there is none."""
        name = self.last if name in (None, LAST) else name
        return None if name is None else self.known.get(name)

    def play(self, name: str | None, times: int, press: Callable[[str], bool]) -> None:
        """Press a macro's keys again; `press` gives False when nobody takes keys any more."""
        strokes = self.named(name)
        if strokes is None:
            return
        if name not in (None, LAST):
            self.last = name
        is_outer = self._left == 0
        if is_outer:
            self._left, self.is_broken = MOST_PLAYED, False
        for stroke in chain.from_iterable(repeat(strokes, times)):
            if self.is_broken or self._left <= 0:
                break
            self._left -= 1
            if not press(stroke):
                break
        if is_outer:
            self._left = 0

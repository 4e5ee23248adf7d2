"""Macros: keys recorded under a letter and pressed again. Does no I/O.

A stroke is a key as the keymap names it. Text typed on prompts belongs to a macro. Text typed into the palette or a
form does not, and neither does the command that ended the recording. A macro stops at the first action that is not
possible, as in vim.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

MOST_STROKES = 500
MOST_PLAYED = 20_000  # limits a macro that plays itself
LAST = "@"


@dataclass(frozen=True)
class Recorded:
    """The result of a recording: the macro's name, how many keys were kept, and how many were pressed."""

    name: str
    kept: int
    pressed: int


@dataclass
class Macros:
    """Recorded strokes by name; `recording` is the name that is being recorded."""

    known: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    recording: str | None = None
    last: str | None = None
    is_broken: bool = False
    _strokes: list[str] = field(default_factory=list[str])
    _pressed: int = 0
    _before: int = 0  # keys before the command that is being typed
    _playing: list[Iterator[str]] = field(default_factory=list[Iterator[str]])

    @property
    def is_playing(self) -> bool:
        """Whether the keys that arrive now are those of a macro."""
        return bool(self._playing)

    def begin(self, name: str) -> None:
        """Start to record under a name."""
        self.recording, self._strokes, self._pressed, self._before = name, [], 0, 0

    def note(self, stroke: str, *, begins: bool) -> None:
        """Record a key that the user pressed. `begins` is True for the first key of a command."""
        if self.recording is None:
            return
        if begins:
            self._before = self._pressed
        self._pressed += 1
        if len(self._strokes) < MOST_STROKES:
            self._strokes.append(stroke)

    def finish(self) -> Recorded:
        """End the recording, without the keys of the command that ends it."""
        name, strokes = self.recording or "", self._strokes[: self._before]
        self.recording = None
        self.known.pop(name, None)  # so that the newest macro is the last
        self.known[name] = strokes
        return Recorded(name, len(strokes), self._before)

    def named(self, name: str | None) -> list[str] | None:
        """Return the strokes of a macro (`@` is the last one played), or None when it does not exist."""
        name = self.last if name in (None, LAST) else name
        return None if name is None else self.known.get(name)

    def play(self, name: str | None, times: int, press: Callable[[str], bool]) -> None:
        """Press a macro's keys again until they end or `press` returns False because no screen accepts keys."""
        strokes = self.named(name)
        if strokes is None:
            return
        if name not in (None, LAST):
            self.last = name
        self._playing.append(chain.from_iterable(repeat(strokes, times)))
        if len(self._playing) > 1:
            return  # a macro within a macro: a caller further up already runs the loop below
        self.is_broken, left = False, MOST_PLAYED
        while self._playing and left and not self.is_broken:
            stroke = next(self._playing[-1], None)
            if stroke is None:
                self._playing.pop()
                continue
            left -= 1
            if not press(stroke):
                break
        self._playing.clear()

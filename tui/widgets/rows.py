"""A list with a cursor: headings and rows, of which the current one is marked by `>` and inverse video.

The screen decides what rows mean; this widget draws and scrolls them. Rows are strings already laid out in columns.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.widgets.lines import BOLD, DIM, PLAIN, REVERSE, Lines, clean

WHEEL = 3
"""Rows that a turn of the wheel moves."""


@dataclass(frozen=True)
class Row:
    """One line of a list. `key` identifies it; None for headings and notes, which the cursor skips."""

    text: str
    key: Hashable | None = None
    heading: bool = False
    follows: bool = False
    """Whether the row continues the row above."""
    dim: bool = False
    """Whether the row is drawn grey, although it can be chosen."""


class Rows(Lines):
    """A scrolling list with a cursor."""

    DEFAULT_CSS = "Rows { width: 1fr; height: 1fr; }"

    class Moved(Message):
        """The message that the mouse moved the cursor, or chose its row with a second click."""

        def __init__(self, rows: "Rows", *, is_chosen: bool) -> None:
            super().__init__()
            self.rows, self.is_chosen = rows, is_chosen

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: list[Row] = []
        self._cursor = 0
        self._top = 0
        self.active = True

    @property
    def current(self) -> Hashable | None:
        """The key of the row under the cursor."""
        return self._rows[self._cursor].key if self._cursor < len(self._rows) else None

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    def fill(self, rows: list[Row]) -> None:
        """Replace the rows. The cursor stays on its key if that still exists."""
        if rows == self._rows:
            return
        key = self.current
        self._rows = rows
        if not self.go(key):
            self._cursor = min(self._cursor, max(0, len(rows) - 1))
            self._settle(1)
        self.refresh()

    def go(self, key: Hashable | None) -> bool:
        """Move the cursor to a key. Returns whether the key exists."""
        for index, row in enumerate(self._rows):
            if key is not None and row.key == key:
                self._cursor = index
                self._follow()
                self.refresh()
                return True
        return False

    def activate(self, active: bool) -> None:
        """Set whether this list shows the cursor."""
        if active != self.active:
            self.active = active
            self.refresh()

    def step(self, by: int) -> None:
        """Move the cursor by a number of rows that can be chosen."""
        places = [index for index, row in enumerate(self._rows) if row.key is not None]
        if not places:
            return
        at = places.index(self._cursor) if self._cursor in places else 0
        self._cursor = places[min(max(0, at + by), len(places) - 1)]
        self._follow()
        self.refresh()

    def _settle(self, direction: int) -> None:
        if self._rows and self._rows[self._cursor].key is None:
            places = [index for index, row in enumerate(self._rows) if row.key is not None]
            if places:
                self._cursor = min(places, key=lambda index: abs(index - self._cursor - direction * 0.1))
        self._follow()

    def _follow(self) -> None:
        height = max(1, self.size.height)
        if all(row.key is None for row in self._rows[: self._cursor]):
            self._top = 0  # so that the headings above the first row are visible
        elif self._cursor < self._top:
            self._top = self._cursor
        elif self._cursor >= self._top + height:
            self._top = self._cursor - height + 1
        self._top = max(0, min(self._top, len(self._rows) - height))

    def on_resize(self) -> None:
        """Keep the cursor visible after a resize."""
        self._follow()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; a second click on it chooses it."""
        index = self._top + event.y
        if index < len(self._rows) and self._rows[index].key is not None:
            is_second = index == self._cursor and event.chain > 1
            self._cursor = index
            self.refresh()
            self.post_message(self.Moved(self, is_chosen=is_second))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the cursor down by a few rows."""
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the cursor up by a few rows."""
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        self.step(by)
        self.post_message(self.Moved(self, is_chosen=False))

    def line(self, y: int, width: int) -> Strip:
        strip, mark = self._row(y, width), self._hidden(y)
        if not mark:
            return strip
        return Strip([*strip.adjust_cell_length(width - 2), Segment(f" {mark}", DIM)])

    def _hidden(self, y: int) -> str:
        """Return the mark of a row beyond which rows are hidden: `^` or `v`, else ""."""
        if y == 0 and self._top > 0:
            return "^"
        return "v" if y == self.size.height - 1 and self._top + y + 1 < len(self._rows) else ""

    def _row(self, y: int, width: int) -> Strip:
        index = self._top + y
        if index >= len(self._rows):
            return Strip.blank(width)
        row = self._rows[index]
        if row.heading:
            return Strip([Segment(clean(row.text)[:width], BOLD)])
        chosen = row.key is not None and index == self._cursor
        mark = ">" if chosen else " "
        style = (
            REVERSE if chosen and self.active else DIM if row.dim or (row.key is None and not row.follows) else PLAIN
        )
        return Strip([Segment(f"{mark} {clean(row.text)}", style)]).adjust_cell_length(
            width, REVERSE if chosen and self.active else None
        )

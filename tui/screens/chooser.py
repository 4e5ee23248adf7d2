"""A list over a screen: type a few letters to filter it, Enter chooses a row, Esc closes it.

Keys go to the list itself and not through Textual's focus, which moves a moment after the list appears: letters that
are typed at once would be lost.
"""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.model.line_editor import LineEditor
from tui.screens.key_input import token_of
from tui.widgets.lines import BOLD, PLAIN, REVERSE, TextLine, clean
from tui.widgets.rows import Row, Rows

STEPS = {"down": 1, "ctrl+n": 1, "tab": 1, "pagedown": 0}
"""Keys that move down in the list, by so many rows; 0 is a page."""
BACKS = {"up": -1, "shift+tab": -1, "pageup": 0}
"""Keys that move up in the list, by so many rows; 0 is a page."""


class Chooser(ModalScreen[str | None], inherit_bindings=False):
    """Returns the key of the chosen row, or None. `leaves` are keys that close it, besides Esc and Ctrl-C."""

    def __init__(self, title: str, *, leaves: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._title, self._leaves = title, ("escape", "ctrl+c", *leaves)
        self.rows = Rows("palette-rows")
        self._line, self._input = LineEditor(), TextLine("palette-input")

    def moved(self) -> None:
        """Show an effect of the row that the cursor is on now. By default there is none."""

    def found(self, text: str) -> list[Row]:
        """Return the rows that match the typed text."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield TextLine("palette-title")
            yield self._input
            yield self.rows

    def on_mount(self) -> None:
        self.query_one("#palette-title", TextLine).show([(f" {self._title}, Esc leaves", BOLD)])
        self._filter()

    def _filter(self) -> None:
        """Show the rows that match the typed text, and the text with its cursor."""
        self.rows.fill(self.found(self._line.text))
        text, at = clean(self._line.text) + " ", self._line.cursor
        self._input.show([("> ", BOLD), (text[:at], PLAIN), (text[at], REVERSE), (text[at + 1 :], PLAIN)])

    def on_paste(self, event: events.Paste) -> None:
        """Insert pasted text, as one line."""
        event.stop()
        self._line.insert(" ".join(event.text.split()))
        self._filter()

    def on_key(self, event: events.Key) -> None:
        """Handle every key: it leaves, chooses, moves in the list or edits the text."""
        event.stop()
        event.prevent_default()
        key = token_of(event)
        if key in self._leaves:
            self.dismiss(None)
        elif key == "enter":
            chosen = self.rows.current
            self.dismiss(chosen if isinstance(chosen, str) else None)
        elif key in STEPS:
            self.rows.step(STEPS[key] or self.rows.size.height)
            self.moved()
        elif key in BACKS:
            self.rows.step(BACKS[key] or -self.rows.size.height)
            self.moved()
        else:
            self._edit(key)
            self.moved()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Choose a row with a second click."""
        event.stop()
        if event.is_chosen:
            chosen = self.rows.current
            self.dismiss(chosen if isinstance(chosen, str) else None)
        else:
            self.moved()

    def _edit(self, key: str) -> None:
        if len(key) == 1 or key == "space":
            self._line.insert(" " if key == "space" else key)
        else:
            self._line.key(key)
        self._filter()

"""A list over a screen: type a few letters to filter it, Enter chooses a row, Esc closes it."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.widgets.lines import BOLD, TextLine
from tui.widgets.rows import Row, Rows


class Chooser(ModalScreen[str | None], inherit_bindings=False):
    """Returns the key of the chosen row, or None. `leaves` are keys that close it, besides Esc and Ctrl-C."""

    def __init__(self, title: str, *, leaves: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._title, self._leaves = title, ("escape", "ctrl+c", *leaves)
        self.rows = Rows("palette-rows")

    def found(self, text: str) -> list[Row]:
        """Return the rows that match the typed text."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield TextLine("palette-title")
            yield Input(id="palette-input", compact=True)
            yield self.rows

    def on_mount(self) -> None:
        self.query_one("#palette-title", TextLine).show([(f" {self._title}, Esc leaves", BOLD)])
        self.rows.fill(self.found(""))
        self.query_one("#palette-input").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter the rows after the text changed."""
        event.stop()
        self.rows.fill(self.found(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the row under the cursor on Enter."""
        event.stop()
        chosen = self.rows.current
        self.dismiss(chosen if isinstance(chosen, str) else None)

    def on_key(self, event: events.Key) -> None:
        """Handle keys that the input field does not use."""
        if event.key in self._leaves:
            self.dismiss(None)
        elif event.key in ("down", "ctrl+n", "tab"):
            self.rows.step(1)
        elif event.key in ("up", "shift+tab"):
            self.rows.step(-1)
        else:
            return
        event.stop()
        event.prevent_default()

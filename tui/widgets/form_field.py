"""One field of a form: a line of typed text, with the rules of a prompt.

An offered text is selected, so that typing replaces it, and moving the cursor keeps it. The form passes keys to the
field that is active, and not through Textual's focus, which moves a moment after the key that requests it.
"""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.model.line_editor import LineEditor
from tui.widgets.lines import PLAIN, Lines, clean

_REVERSE = Style(reverse=True)
_LINE = Style(underline=True)


class FormField(Lines):
    """A field. `value` is its text; only the active field shows a cursor or a selection."""

    DEFAULT_CSS = "FormField { height: 1; width: 1fr; }"

    class Pressed(Message):
        """The message that the mouse was pressed on a field."""

        def __init__(self, field: "FormField") -> None:
            super().__init__()
            self.field = field

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._line, self._is_active = LineEditor(), False

    @property
    def value(self) -> str:
        """The text of the field."""
        return self._line.text

    def offer(self, text: str) -> None:
        """Put a text into the field, which typing replaces."""
        self._line.set(text, selected=True)
        self.refresh()

    def activate(self, is_active: bool) -> None:
        """Begin or end typing in this field. Its text is selected when that begins."""
        if is_active != self._is_active:
            self._is_active = is_active
            self._line.set(self._line.text, selected=is_active)
            self.refresh()

    def type(self, key: str) -> None:
        """Handle a key: a character is typed, another key moves or deletes."""
        if len(key) == 1 or key == "space":
            self._line.insert(" " if key == "space" else key)
        else:
            self._line.key(key)
        self.refresh()

    def paste(self, text: str) -> None:
        """Insert pasted text, as one line."""
        self._line.insert(" ".join(text.split()))
        self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Tell the form that this field was pressed."""
        event.stop()
        self.post_message(self.Pressed(self))

    def line(self, y: int, width: int) -> Strip:
        text, cursor = clean(self._line.text), self._line.cursor
        first = max(0, cursor - max(1, width - 1)) if self._is_active else 0
        shown = text[first : first + max(1, width - 1)]
        if not self._is_active:
            return Strip([Segment(f"{shown:<{width}}"[:width], _LINE)])
        if self._line.selected:
            return Strip([Segment(shown, _REVERSE), Segment(" " * (width - len(shown)), _LINE)])
        at, padded = cursor - first, f"{shown:<{width}}"
        parts = ((padded[:at], _LINE), (padded[at : at + 1], _REVERSE), (padded[at + 1 : width], _LINE))
        return Strip([Segment(part, style) for part, style in parts if part] or [Segment(" ", PLAIN)])

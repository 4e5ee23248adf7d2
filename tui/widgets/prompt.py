"""The prompt: the line at the bottom for typing commands, paths, names and numbers.

It receives keys from the screen and not through Textual's focus: focus moves a moment after the key that requests it,
so a fast `:q` would lose the q. `ask` shows the prompt with a label and calls back with the text on Enter; Esc cancels.
Tab completes paths. Several pasted lines become several quoted words, and a pasted file name is kept unchanged. The
arrow keys recall earlier text under the same label.
"""

import re
from collections.abc import Callable
from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.model.completion import complete
from tui.model.existing import as_typed, is_there
from tui.model.line_editor import LineEditor
from tui.model.quoting import BLANKS, is_plain, quote_words, read_words
from tui.widgets.lines import BOLD, PLAIN, Lines, clean

_CURSOR = Style(reverse=True)
_OFFER = Style(underline=True)


class Prompt(Lines):
    """A label and a line of typed text, hidden until `ask` is called."""

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.label = ""
        self._line = LineEditor()
        self._answer: Callable[[str], None] | None = None
        self._is_path = self._is_offer = False
        self._history: dict[str, list[str]] = {}
        self._at = 0

    def on_mount(self) -> None:
        self.display = self.is_open

    @property
    def is_open(self) -> bool:
        return self._answer is not None

    @property
    def value(self) -> str:
        return self._line.text

    def ask(
        self,
        label: str,
        answer: Callable[[str], None],
        *,
        value: str = "",
        is_path: bool = False,
        is_offer: bool = False,
    ) -> None:
        """Show the prompt; `answer` receives the text on Enter. Typing replaces an offer unless the cursor moved."""
        self._answer, self._is_path, self.label, self._is_offer = answer, is_path, label, is_offer and bool(value)
        self._at = len(self._history.get(label, []))
        self._line.set(value)
        self.display = True
        self.refresh()

    def leave(self) -> None:
        """Hide the prompt without an answer."""
        self._answer = None
        self.display = False

    def type(self, key: str, character: str | None) -> None:
        """Handle a key. `character` is what it prints, or None."""
        is_offer, self._is_offer = self._is_offer, False
        if character is not None:
            if is_offer:
                self._line.set("")
            self._line.insert(character)
        elif key == "enter":
            self._submit()
        elif key in ("escape", "ctrl+c") or (key == "backspace" and not self._line.text):
            self.leave()
        elif key == "tab" and self._is_path:
            self._line.set(complete(self._line.text))
        elif key in ("up", "down"):
            self._recall(-1 if key == "up" else 1)
        else:
            self._line.key(key)
        self.refresh()

    def paste(self, text: str) -> None:
        """Insert pasted text: a file name unchanged, several lines as several paths."""
        if self._is_offer:
            self._line.set("")
        self._is_offer = False
        self._line.insert(_pasted(text))
        self.refresh()

    def _submit(self) -> None:
        answer, text = self._answer, self._line.text
        if text.strip():
            self._history.setdefault(self.label, []).append(text)
        self.leave()
        if answer is not None:
            answer(text)

    def _recall(self, by: int) -> None:
        past = self._history.get(self.label, [])
        self._at = min(max(0, self._at + by), len(past))
        self._line.set(past[self._at] if self._at < len(past) else "")

    def line(self, y: int, width: int) -> Strip:
        label = clean(self.label)[: max(1, width - 10)]
        text, cursor = clean(self._line.text) + " ", self._line.cursor
        space = max(4, width - cell_len(label))
        first = 0
        while cell_len(text[first : cursor + 1]) > space:
            first += 1
        parts = [
            Segment(label, BOLD),
            Segment(text[first:cursor], _OFFER if self._is_offer else PLAIN),
            Segment(text[cursor], _CURSOR),
            Segment(text[cursor + 1 :], PLAIN),
        ]
        return Strip([part for part in parts if part.text])


def _pasted(text: str) -> str:
    """Return a pasted text as one line."""
    if (whole := as_typed(text)) is not None:
        return text.strip("\r\n") if is_there(Path(text.strip("\r\n"))) else str(whole)
    lines = [line.strip(BLANKS) for line in re.split(r"\r\n?|\n", text) if line.strip(BLANKS)]
    if len(lines) < 2:
        return "".join(lines)
    return " ".join(quote_words([line]) if as_typed(line) or not _is_quoted(line) else line for line in lines)


def _is_quoted(line: str) -> bool:
    return not is_plain(line) and all(word.tidy for word in read_words(line))

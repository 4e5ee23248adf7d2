"""The line at the bottom where one types: commands, paths, names, numbers.

`ask` shows it with a label and calls back with the text on Enter; Esc leaves without. Paths complete with Tab, several
pasted lines become several quoted words, and the arrow keys go through what was typed before under the same label.
"""

import shlex
from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from tui.model.paths import complete
from tui.widgets.lines import BOLD, TextLine


class PromptInput(Input, inherit_bindings=True):
    """Textual's input on one bare line."""

    def _on_paste(self, event: events.Paste) -> None:
        """Several lines are several paths."""
        lines = [line.strip() for line in event.text.splitlines() if line.strip()]
        if len(lines) > 1:
            lines = [line if line[0] in "'\"" or "\\" in line else shlex.quote(line) for line in lines]
        self.insert_text_at_cursor(" ".join(lines))
        event.stop()
        event.prevent_default()


class Prompt(Horizontal):
    """A label and an input, hidden until asked for."""

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._label = TextLine("prompt-label")
        self._input = PromptInput(id="prompt-input", compact=True, select_on_focus=False)
        self._answer: Callable[[str], None] | None = None
        self._is_path = False
        self._name = ""
        self._history: dict[str, list[str]] = {}
        self._at = 0

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._input

    def on_mount(self) -> None:
        self.display = False

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    @property
    def value(self) -> str:
        return self._input.value

    def ask(self, label: str, answer: Callable[[str], None], *, value: str = "", is_path: bool = False) -> None:
        """Show it; `answer` gets the text on Enter."""
        self._answer, self._is_path, self._name = answer, is_path, label
        self._at = len(self._history.get(label, []))
        self._label.show([(label, BOLD)])
        self._label.styles.width = len(label)
        self._input.value = value
        self._input.cursor_position = len(value)
        self.display = True
        self.screen.set_focus(self._input, scroll_visible=False)  # at once: keys typed ahead belong here

    def rewind(self) -> None:
        """Put the cursor in front of what is already there."""
        self._input.cursor_position = 0

    def leave(self) -> None:
        """Hide it."""
        self._answer = None
        self.display = False
        self.screen.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        answer, text = self._answer, event.value
        if text.strip():
            self._history.setdefault(self._name, []).append(text)
        self.leave()
        if answer is not None:
            answer(text)

    def on_key(self, event: events.Key) -> None:
        """Esc, Tab and the history; the input has taken the rest."""
        if event.key in ("escape", "ctrl+c") or (event.key == "backspace" and not self._input.value):
            self.leave()
        elif event.key == "tab":
            if self._is_path:
                self._input.value = complete(self._input.value)
                self._input.cursor_position = len(self._input.value)
        elif event.key in ("up", "down"):
            self._recall(-1 if event.key == "up" else 1)
        else:
            return  # the input's own keys are bindings, which Textual looks up after the event has bubbled
        event.stop()
        event.prevent_default()

    def _recall(self, by: int) -> None:
        past = self._history.get(self._name, [])
        self._at = min(max(0, self._at + by), len(past))
        self._input.value = past[self._at] if self._at < len(past) else ""
        self._input.cursor_position = len(self._input.value)

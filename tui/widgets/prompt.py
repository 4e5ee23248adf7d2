"""The prompt: the line at the bottom for typing commands, paths, names and numbers.

It receives keys from the screen and not through Textual's focus: focus moves a moment after the key that requests it,
so a fast `:q` would lose the q. `ask` shows the prompt with a label and calls back with the text on Enter; Esc cancels.
An offered text is selected, so that typing replaces it. Tab completes, and lists what the text could become. Several
pasted lines become several quoted words, and a pasted file name is kept unchanged. The arrow keys recall earlier text
for the same kind of question.

What can go wrong: the callback refuses the text by raising an AlleleError, or the coroutine that it returns does so
later. Then the prompt is open again with the text and the reason is reported. If other keys were pressed in between,
they had their effect, so the prompt stays closed and the text is recalled with the arrow keys.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from protocol.errors import AlleleError
from tui.model.completion import Completer, Completion, complete_path
from tui.model.existing import as_typed, is_there
from tui.model.line_editor import LineEditor
from tui.model.quoting import BLANKS, is_plain, quote_words, read_words
from tui.widgets.lines import BOLD, PLAIN, Lines, clean

_CURSOR = Style(reverse=True)
_SELECTED = Style(reverse=True)
Work = Coroutine[Any, Any, Any]
Answer = Callable[[str], "Work | None"]


@dataclass(frozen=True)
class Question:
    """What a prompt asks.

    Attributes:
        kind: questions of the same kind recall each other's texts.
        completer: how Tab completes the text.
        wants: a sentence about the answer.
        changed: called with the text after every change, and with "" when the prompt is left without an answer.
    """

    label: str
    answer: Answer
    kind: str
    completer: Completer | None = None
    wants: str = ""
    changed: Callable[[str], None] | None = None


class Prompt(Lines):
    """A label and a line of typed text, hidden until `ask` is called.

    Args:
        refused: reports why an answer was refused.
        spawn: runs the coroutine of an answer.
    """

    def __init__(self, refused: Callable[[str], None], spawn: Callable[[Work], None]) -> None:
        super().__init__(id="prompt")
        self._refused, self._spawn = refused, spawn
        self._line = LineEditor()
        self._question: Question | None = None
        self.choices: tuple[tuple[str, str], ...] = ()
        self._history: dict[str, list[str]] = {}
        self._at = 0
        self._keys = 0  # that were pressed since the program started, here or elsewhere

    def on_mount(self) -> None:
        self.display = self.is_open

    @property
    def is_open(self) -> bool:
        return self._question is not None

    @property
    def label(self) -> str:
        return self._question.label if self._question is not None else ""

    @property
    def wants(self) -> str:
        """A sentence about the answer, or ""."""
        return self._question.wants if self._question is not None else ""

    @property
    def value(self) -> str:
        return self._line.text

    def ask(
        self,
        label: str,
        answer: Answer,
        *,
        value: str = "",
        typed: str = "",
        is_path: bool = False,
        completer: Completer | None = None,
        kind: str = "",
        wants: str = "",
        changed: Callable[[str], None] | None = None,
    ) -> None:
        """Show the prompt; `answer` receives the text on Enter. Typing replaces `value`, and extends `typed`."""
        completer = complete_path if is_path else completer
        self._open(Question(label, answer, kind or label, completer, wants, changed), typed or value)
        self._line.selected = bool(value) and not typed

    def _open(self, question: Question, text: str) -> None:
        self._question, self.choices = question, ()
        self._at = len(self._history.get(question.kind, []))
        self._line.set(text)
        self.display = True
        self.refresh()

    def begin(self, text: str) -> None:
        """Put a text into the open prompt, as if it had been typed."""
        self._line.insert(text)
        self.refresh()

    def leave(self) -> None:
        """Hide the prompt without an answer."""
        self._question, self.choices = None, ()
        self.display = False

    def note_key(self) -> None:
        """Count a key that was pressed while the prompt was closed."""
        self._keys += 1

    def type(self, key: str, character: str | None) -> None:
        """Handle a key. `character` is what it prints, or None."""
        self._keys += 1
        question, before = self._question, self._line.text
        if character is not None:
            self._line.insert(character)
        elif key == "enter":
            self._submit()
            return
        elif key in ("escape", "ctrl+c"):
            self._line.set("")
            self.leave()
        elif key in ("up", "down"):
            self._recall(-1 if key == "up" else 1)
        elif key != "tab":
            self._line.key(key)
        self._complete(extends=key == "tab")
        if question is not None and question.changed is not None and self._line.text != before:
            question.changed(self._line.text)
        self.refresh()

    def paste(self, text: str) -> None:
        """Insert pasted text: a file name unchanged, several lines as several paths."""
        self._keys += 1
        self._line.insert(_pasted(text))
        self.refresh()

    def _complete(self, *, extends: bool) -> None:
        """Complete the text on Tab. A list that is shown follows further typing."""
        if self._question is None or self._question.completer is None or not (extends or self.choices):
            return
        if extends and self._line.selected:  # an offer: what else could be typed in its place
            self.choices = self._question.completer("").choices
            return
        done: Completion = self._question.completer(self._line.text)
        if extends and done.text != self._line.text:
            self._line.set(done.text)
        self.choices = done.choices

    def _submit(self) -> None:
        question, text = self._question, self._line.text
        if question is None:
            return
        if text.strip():
            self._history.setdefault(question.kind, []).append(text)
        self.leave()
        try:
            work = question.answer(text)
        except AlleleError as error:
            self._reopen(question, text)
            self._refused(str(error))
        else:
            if work is not None:
                self._spawn(self._settle(question, text, work, self._keys))

    async def _settle(self, question: Question, text: str, work: Work, keys: int) -> None:
        """Wait for an answer's coroutine. A refused text is shown again unless the user went on meanwhile."""
        try:
            await work
        except AlleleError as error:
            if keys == self._keys and not self.is_open and self.screen.is_current:
                self._reopen(question, text)
            self._refused(str(error))

    def _reopen(self, question: Question, text: str) -> None:
        """Show a refused text again. It is on the screen, so it is removed from the earlier texts."""
        past = self._history.get(question.kind, [])
        if past and past[-1] == text:
            past.pop()
        self._open(question, text)

    def _recall(self, by: int) -> None:
        past = self._history.get(self._question.kind, []) if self._question is not None else []
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
            Segment(text[first:cursor], _SELECTED if self._line.selected else PLAIN),
            Segment(text[cursor], PLAIN if self._line.selected else _CURSOR),
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

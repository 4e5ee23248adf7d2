"""The lines around a screen's body: the bar on top, the words line, the mode line and the last sentence.

A sentence replaces the mode line until the next key, or until its time is over.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.screens.top_bar import top_line
from tui.widgets.lines import BOLD, PLAIN, REVERSE, Part, TextBlock, TextLine
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen

SHOWN_S = 6.0


class StatusLines:
    """The widgets of the lines, and their content."""

    def __init__(self, screen: "BaseScreen") -> None:
        self._screen = screen
        self.top, self.words, self.mode = TextLine("top"), TextLine("words"), TextLine("mode")
        self.block, self.prompt = TextBlock("sentence"), Prompt()
        self.message: list[Part] = []

    def draw_top(self) -> None:
        """Draw the top bar: program and screen on the left; daemon, training and sound on the right."""
        screen = self._screen
        width = screen.size.width - 9
        left, right = top_line(screen.top_words(), screen.session, screen.allele.sound.words, width)
        self.top.show([(" allele ", REVERSE), (left, PLAIN)], right)

    def draw_bottom(self) -> None:
        """Draw the words line and the mode line."""
        screen, macros = self._screen, self._screen.allele.macros
        self.words.show(self._with_keys(screen.bottom_words()))
        waiting: list[Part] = [(f"  {screen.keys.waiting} ", BOLD)] if screen.keys.waiting else []
        if macros.recording:
            waiting.insert(0, (f"  recording {macros.recording} ", BOLD))
        right = waiting or ([] if self.message else screen.mode_right())
        self.mode.show(self.message or self._with_keys(screen.mode_words()), self._with_keys(right))
        text, style = self.message[0] if self.message else ("", PLAIN)
        self.block.show(text, style, screen.size.width, 1 if self.prompt.is_open else 0)

    def say(self, text: str, *, bad: bool, after: Callable[[float, Callable[[], None]], object]) -> None:
        """Show a sentence. If it is not an error it disappears; `after` starts a timer (seconds, callback)."""
        self.message = message = [(f" {text}", BOLD if bad else PLAIN)] if text else []
        if self._screen.is_mounted:
            self.draw_bottom()
            if message and not bad:
                after(SHOWN_S * max(1.0, len(text) / 80), lambda: self._clear(message))

    def clear(self) -> None:
        """Remove the sentence; the next drawing shows the mode line again."""
        self.message = []

    def _clear(self, message: list[Part]) -> None:
        """Remove a sentence whose time is over, unless another one has replaced it."""
        if self.message is message:
            self.clear()
            self.draw_bottom()

    def _with_keys(self, parts: list[Part]) -> list[Part]:
        """Replace each placeholder `{action.id}` in the parts by the key of that action."""
        return [(self._screen.keymap.fill(text), style) for text, style in parts]

"""The lines around a screen's body: the bar on top, the words line, the mode line and the sentence last said.

A sentence that was said takes the mode line's place until the next key, or until its time is over.
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
    """The widgets of the lines, and what stands in them."""

    def __init__(self, screen: "BaseScreen") -> None:
        self._screen = screen
        self.top, self.words, self.mode = TextLine("top"), TextLine("words"), TextLine("mode")
        self.block, self.prompt = TextBlock("said"), Prompt()
        self.message: list[Part] = []

    def draw_top(self) -> None:
        """Who and where on the left; daemon, training and sound on the right."""
        screen = self._screen
        width = screen.size.width - 9
        left, right = top_line(screen.top_words(), screen.session, screen.allele.sound.words, width)
        self.top.show([(" allele ", REVERSE), (left, PLAIN)], right)

    def draw_bottom(self) -> None:
        """The words line and the mode line."""
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
        """Show a sentence. One that is no error disappears by itself; `after` sets a timer (seconds, what to do)."""
        self.message = message = [(f" {text}", BOLD if bad else PLAIN)] if text else []
        if self._screen.is_mounted:
            self.draw_bottom()
            if message and not bad:
                after(SHOWN_S * max(1.0, len(text) / 80), lambda: self._clear(message))

    def clear(self) -> None:
        """Forget the sentence; the next drawing shows the mode line again."""
        self.message = []

    def _clear(self, message: list[Part]) -> None:
        """The sentence had its time, unless another one has taken its place."""
        if self.message is message:
            self.clear()
            self.draw_bottom()

    def _with_keys(self, parts: list[Part]) -> list[Part]:
        """Parts in which each `{action.id}` is the key that does it."""
        return [(self._screen.keymap.fill(text), style) for text, style in parts]

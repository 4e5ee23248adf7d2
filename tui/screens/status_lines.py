"""The lines around a screen's body: the bar on top, the words line, the mode line and the last sentence.

A sentence replaces the mode line until the next key, or until its time is over.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.input.keymap import shown
from tui.screens.top_bar import meter_parts, top_line
from tui.widgets.lines import BOLD, PLAIN, REVERSE, Part, TextBlock, TextLine
from tui.widgets.panel import Entry, Panel
from tui.widgets.prompt import Prompt, Work

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen

SHOWN_S = 6.0
LEAST_BODY = 5  # rows that a panel leaves free


class StatusLines:
    """The widgets of the lines, and their content."""

    def __init__(self, screen: "BaseScreen") -> None:
        self._screen = screen
        self.top, self.words, self.mode = TextLine("top"), TextLine("words"), TextLine("mode")
        self.block, self.panel = TextBlock("sentence"), Panel("panel")
        self.prompt = Prompt(self._refused, self._spawn)
        self.message: list[Part] = []

    def draw_top(self) -> None:
        """Draw the top bar: program and screen on the left; daemon, training and sound on the right."""
        screen = self._screen
        width = screen.size.width - 9
        sound, settings = screen.allele.sound, screen.allele.settings
        meter = [] if settings.meter is False else meter_parts(sound.meter)
        left, right = top_line(screen.top_words(), screen.session, sound.words, meter, width)
        self.top.show([(" allele ", REVERSE), (left, PLAIN)], right)

    def draw_bottom(self) -> None:
        """Draw the words line and the mode line."""
        screen, macros = self._screen, self._screen.allele.macros
        wants: list[Part] = [(f" {self.prompt.wants}", PLAIN)] if self.prompt.wants else []
        self.words.show(self._with_keys(wants or screen.bottom_words()))
        self.draw_panel()
        waiting: list[Part] = [(f"  {screen.keys.waiting} ", BOLD)] if screen.keys.waiting else []
        if macros.recording:
            waiting.insert(0, (f"  recording {macros.recording} ", BOLD))
        right = waiting or ([] if self.message else screen.mode_right())
        self.mode.show(self.message or self._with_keys(screen.mode_words()), self._with_keys(right))
        text, style = self.message[0] if self.message else ("", PLAIN)
        self.block.show(text, style, screen.size.width, 1 if self.prompt.is_open else 0)

    def draw_panel(self) -> None:
        """Show what Tab can add to the prompt, or the keys that can follow the typed ones; else hide the panel."""
        keys, size = self._screen.keys, self._screen.size
        lines = 3 if self.prompt.is_open else 2
        title, entries = "", list[Entry]()
        if self.prompt.choices:
            title, entries = "Tab completes", [(word, text, "") for word, text in self.prompt.choices]
        elif keys.next_keys:
            title, entries = f"after {shown(keys.waiting)}", keys.next_keys
        self.panel.show(title, entries, width=size.width, most=size.height - LEAST_BODY - lines, above=lines)

    def _refused(self, reason: str) -> None:
        self._screen.say(self._screen.session.readable(reason), bad=True)

    def _spawn(self, work: Work) -> None:
        self._screen.spawn(work)

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

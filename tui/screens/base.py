"""What all screens share: a bar on top, two lines below, the prompt, keys through the registry, late repaints.

Data flow: a key goes to the screen's `KeyInput`, the action's `why_not` is asked, and then the function that `handlers`
(of the screen, else of the application) holds for it is called. `on_changed` is called when the session changed.

A repaint is put off while the terminal still owes output: over a slow link it would only queue behind it.
"""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from tui.actions.press import Handlers, Press
from tui.actions.situation import Situation
from tui.input.keymap import Keymap
from tui.screens.key_input import KeyInput, token_of
from tui.screens.status_lines import StatusLines
from tui.session.session import Session
from tui.widgets.lines import BOLD, DIM, Part, TextLine

if TYPE_CHECKING:
    from tui.app import AlleleApp

LATE_S = 0.02
SMALL = (60, 16)
NARROW = 120


class BaseScreen(Screen[None], inherit_bindings=False):
    """A screen of Allele. `NAME` is its name in the registry; `handlers` carry its actions out."""

    NAME: ClassVar[str] = ""
    TITLE_WORDS: ClassVar[str] = ""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.keys = StatusLines(self), KeyInput(self)
        self.top, self.words, self.mode = self.lines.top, self.lines.words, self.lines.mode
        self.prompt = self.lines.prompt
        self.handlers: Handlers = {}
        self._late: Timer | None = None

    @property
    def allele(self) -> "AlleleApp":
        return cast("AlleleApp", self.app)

    @property
    def keymap(self) -> Keymap:
        """Which keys do what."""
        return self.allele.keymap

    @property
    def session(self) -> Session:
        return self.allele.session

    def compose(self) -> ComposeResult:
        yield self.top
        with Vertical(id="body"):
            yield from self.compose_body()
        yield TextLine("small")
        yield self.words
        yield self.mode
        yield self.prompt
        yield self.lines.block

    def compose_body(self) -> ComposeResult:
        """The widgets between the bars."""
        yield from ()

    # --- what the lines say ------------------------------------------------------------------------------

    def top_words(self) -> str:
        """What stands beside the program's name."""
        return self.TITLE_WORDS

    def bottom_words(self) -> list[Part]:
        """The line above the last; `{edit.undo}` stands for a key in all of these."""
        return []

    def mode_words(self) -> list[Part]:
        """The last line while no sentence is shown."""
        keys = [(" ".join(map(self.keymap.key_for, action.split())), words) for action, words in self.hints()]
        return [part for key, words in keys for part in ((f" {key} ", BOLD), (words, DIM))]

    def mode_right(self) -> list[Part]:
        """The right side of the last line, left out where there is no room."""
        return []

    def hints(self) -> list[tuple[str, str]]:
        """What to show of the keys: an action's id (or several with spaces between), and what it means here."""
        return []

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line until the next key; the visible screen shows it if this one is hidden."""
        top = self.allele.top_screen
        if top is not None and top is not self:
            top.say(text, bad=bad)
            return
        self.allele.macros.is_broken |= bad
        self.lines.say(self.keymap.fill(text), bad=bad, after=self.set_timer)

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring every widget up to date; cheap, because widgets skip what is the same."""
        self.lines.draw_top()
        self.lines.draw_bottom()

    def on_changed(self, topic: str, key: str) -> None:
        """Draw what a change of the session concerns; see tui.session.session for topics."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Shown again, on a terminal that may have been resized meanwhile: only a visible screen is told."""
        self.fit(self.app.size)
        self.call_after_refresh(self.draw)

    def on_resize(self, event: events.Resize) -> None:
        self.fit(event.size)
        self.allele.terminal.forget()
        self.call_after_refresh(self.draw)

    def fit(self, size: Size) -> None:
        """Adapt to the terminal's size; one that is too small gets a sentence instead of a picture."""
        small = size.width < SMALL[0] or size.height < SMALL[1]
        self.set_class(small, "small")
        self.set_class(size.width < NARROW, "narrow")
        sentence = f"Allele needs {SMALL[0]}x{SMALL[1]}; this is {size.width}x{size.height}"
        for line in self.query("#small").results(TextLine):  # none before it is composed
            line.show(sentence if small else "")

    def _compositor_refresh(self) -> None:
        """Repaint, unless the terminal has not taken the last one yet."""
        if self.allele.output_queued:
            if self._late is None:
                self._late = self.set_timer(LATE_S, self._repaint_late)
            return
        # What follows forgets which widgets are dirty. Those told since the last round are not in the compositor's
        # regions yet, and when a repaint comes late there may be some: they would never be drawn.
        self._compositor.update_widgets(self._dirty_widgets)
        super()._compositor_refresh()

    def _repaint_late(self) -> None:
        self._late = None
        self._compositor_refresh()

    # --- keys --------------------------------------------------------------------------------------------

    def situation(self) -> Situation:
        """What the registry's checks look at."""
        return Situation(connected=self.session.connected, engine=self.session.engine)

    def on_key(self, event: events.Key) -> None:
        """Every key of the screen, in the order it was typed."""
        event.stop()
        event.prevent_default()
        token = token_of(event)
        self.allele.macros.note(token, begins=not self.prompt.is_open and not self.keys.waiting)
        self.allele.sent = getattr(event, "sent", "")
        self.keys.feed(token)

    def takes(self, token: str) -> bool:
        """A mode of the screen's own that reads keys before the keymap does."""
        return False

    def on_paste(self, event: events.Paste) -> None:
        """Pasted or dropped text."""
        event.stop()
        if self.prompt.is_open:
            self.prompt.paste(event.text)
        elif event.text.strip():
            self.pasted(event.text)

    def pasted(self, text: str) -> None:
        """Text was pasted while nothing was asked."""
        self.allele.files.take_drop(text)

    def carry_out(self, action_id: str, press: Press) -> None:
        """Carry an action out, or say why it cannot be."""
        self.keys.run(action_id, press)

    def run_chosen(self, action_id: str | None) -> None:
        """Carry out what the palette gave back."""
        if action_id is not None:
            self.carry_out(action_id, Press())
            self.lines.draw_bottom()

    def spawn(self, work: Any) -> None:
        """Run a coroutine; an AlleleError becomes a sentence."""
        self.session.spawn(work)

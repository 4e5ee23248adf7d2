"""The base of all screens: a bar on top, two lines below, the prompt, keys that run actions, and delayed repaints.

Data flow: a key goes to the screen's `KeyInput`, which calls the action's `why_not` and then its handler: that of the
screen, else that of the application. `on_changed` is called when the session changed.

A repaint is delayed while output is still queued: over a slow link it would only wait behind that output.
"""

from collections.abc import Callable
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
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine, clicking
from tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui.app import AlleleApp

LATE_S = 0.02
SMALL = (60, 16)
NARROW = 120


class BaseScreen(Screen[None], inherit_bindings=False):
    """A screen of Allele. `NAME` is its name in the registry; `handlers` run its actions."""

    NAME: ClassVar[str] = ""
    TITLE_WORDS: ClassVar[str] = ""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.keys = StatusLines(self), KeyInput(self)
        self.top, self.words, self.mode = self.lines.top, self.lines.words, self.lines.mode
        self.prompt = self.lines.prompt
        self.handlers: Handlers = {}
        self.list_moved: Callable[[Rows], None] = lambda _: self.draw()
        """Updates what depends on the cursor of a list, after the mouse moved it."""
        self._late: Timer | None = None

    @property
    def allele(self) -> "AlleleApp":
        return cast("AlleleApp", self.app)

    @property
    def keymap(self) -> Keymap:
        """The keymap that is in use."""
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
        yield self.lines.panel
        yield self.lines.block

    def compose_body(self) -> ComposeResult:
        """The widgets between the bars."""
        yield from ()

    # --- content of the lines ----------------------------------------------------------------------------

    def top_words(self) -> str:
        """Return the text beside the program's name in the top bar."""
        return self.TITLE_WORDS

    def bottom_words(self) -> list[Part]:
        """Return the line above the last. Placeholders such as `{edit.undo}` are replaced by keys in all lines."""
        return []

    def mode_words(self) -> list[Part]:
        """Return the last line, shown while there is no sentence."""
        hints = [(actions.split(), words) for actions, words in self.hints()]
        return [part for actions, words in hints for part in hint_parts(self.keymap, actions, words)]

    def mode_right(self) -> list[Part]:
        """Return the right side of the last line, which is omitted where there is no room."""
        return []

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys to show: an action's id (or several, separated by spaces) and its meaning here."""
        return []

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line until the next key. If this screen is hidden, the visible one shows it."""
        top = self.allele.top_screen
        if top is not None and top is not self:
            top.say(text, bad=bad)
            return
        self.allele.macros.is_broken |= bad
        self.lines.say(self.keymap.fill(text), bad=bad, after=self.set_timer)

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Update every widget. This is cheap, because widgets skip what did not change."""
        self.lines.draw_top()
        self.lines.draw_bottom()

    def on_changed(self, topic: str, key: str) -> None:
        """Redraw after a change of the session; tui.session.session lists the topics."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Adapt to the terminal when shown again: Textual notifies only visible screens of a new size."""
        self.fit(self.app.size)
        self.call_after_refresh(self.draw)

    def on_resize(self, event: events.Resize) -> None:
        self.fit(event.size)
        self.allele.terminal.resize(*event.size)
        self.call_after_refresh(self.draw)

    def fit(self, size: Size) -> None:
        """Adapt to the terminal's size. If it is too small, a sentence replaces the screen."""
        small = size.width < SMALL[0] or size.height < SMALL[1]
        self.set_class(small, "small")
        self.set_class(size.width < NARROW, "narrow")
        sentence = f"Allele needs {SMALL[0]}x{SMALL[1]}; this is {size.width}x{size.height}"
        for line in self.query("#small").results(TextLine):  # empty before the screen is composed
            line.show(sentence if small else "")

    def _compositor_refresh(self) -> None:
        """Repaint, unless output of the last repaint is still queued."""
        if self.allele.output_queued:
            if self._late is None:
                self._late = self.set_timer(LATE_S, self._repaint_late)
            return
        # The call below clears the list of dirty widgets. Widgets marked since the last round are not in the
        # compositor's regions yet; after a delayed repaint there may be some, which would then never be drawn.
        self._compositor.update_widgets(self._dirty_widgets)
        super()._compositor_refresh()

    def _repaint_late(self) -> None:
        self._late = None
        self._compositor_refresh()

    # --- keys --------------------------------------------------------------------------------------------

    def situation(self) -> Situation:
        """Return the state that the checks of actions read."""
        return Situation(connected=self.session.connected, engine=self.session.engine)

    def on_key(self, event: events.Key) -> None:
        """Handle every key of the screen, in the order of typing."""
        event.stop()
        event.prevent_default()
        token = token_of(event)
        self.allele.macros.note(token, begins=not self.prompt.is_open and not self.keys.waiting)
        self.allele.sent = getattr(event, "sent", "")
        self.keys.feed(token)

    def takes(self, token: str) -> bool:
        """Handle a key in a mode of the screen, before the keymap reads it. Returns whether the mode used it."""
        return False

    def on_paste(self, event: events.Paste) -> None:
        """Handle pasted or dropped text."""
        event.stop()
        if self.prompt.is_open:
            self.prompt.paste(event.text)
        elif event.text.strip():
            self.pasted(event.text)

    def pasted(self, text: str) -> None:
        """Handle text that was pasted while no prompt was open."""
        self.allele.files.take_drop(text)

    def carry_out(self, action_id: str, press: Press) -> None:
        """Run an action, or show why it is not possible."""
        self.keys.run(action_id, press)

    def run_chosen(self, action_id: str | None) -> None:
        """Run the action that was chosen in the palette, if any, or begin the `:` line with a command."""
        if action_id is not None and action_id.startswith(":"):
            self.carry_out("app.command", Press())
            self.prompt.begin(action_id.removeprefix(":"))
        elif action_id is not None:
            self.carry_out(action_id, Press())
            self.lines.draw_bottom()

    def spawn(self, work: Any) -> None:
        """Run a coroutine. An AlleleError is shown as a sentence."""
        self.session.spawn(work)


def hint_parts(keymap: Keymap, actions: list[str], words: str) -> list[Part]:
    """Return a hint: the keys of its actions, each of which can be clicked, and what they do."""
    keys = [(f" {keymap.key_for(action)}", BOLD + clicking(action)) for action in actions]
    return [*keys, (" ", PLAIN), (words, DIM + clicking(actions[0]))]

"""What all screens share: a bar on top, two lines below, the prompt, keys through the registry, late repaints.

Data flow: a key goes to the `KeyReader` of the screen's table, the action's `why_not` is asked, and then the method
`do_…` of the screen, or of the app, is called. `on_changed` is told what the session learnt.

A repaint is put off while the terminal still owes output: over a slow link it would only queue behind it.
"""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from tui.actions.action import Action
from tui.actions.registry import ACTIONS, BY_ID
from tui.actions.situation import Situation
from tui.input.keymap import Keymap, shown
from tui.input.keys import KeyReader, Pressed
from tui.screens.top_bar import top_line
from tui.session.session import Session
from tui.widgets.lines import BOLD, DIM, PLAIN, REVERSE, Part, TextBlock, TextLine
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.app import AlleleApp

LATE_S = 0.02
SMALL = (60, 16)
NARROW = 120
SAID_S = 6.0
LETTERS = frozenset(action.id for action in ACTIONS if action.letter)
ENDS = ("macro.record",)


def token_of(event: events.Key) -> str:
    """A key as the registry names it: the printable character, or the terminal's name."""
    if event.character is not None and event.is_printable and event.character != " ":
        return event.character
    return {"ctrl+at": "ctrl+space", "ctrl+i": "tab", "ctrl+j": "enter"}.get(event.key, event.key)


class BaseScreen(Screen[None], inherit_bindings=False):
    """A screen of Allele. `NAME` is its name in the registry."""

    NAME: ClassVar[str] = ""
    TITLE_WORDS: ClassVar[str] = ""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.top, self.words, self.mode = TextLine("top"), TextLine("words"), TextLine("mode")
        self.said, self.prompt = TextBlock("said"), Prompt()
        self._reader: KeyReader | None = None
        self._reader_of: Keymap | None = None
        self.pressed_keys = ""
        self._said: list[Part] = []
        self._late: Timer | None = None

    @property
    def allele(self) -> "AlleleApp":
        return cast("AlleleApp", self.app)

    @property
    def keymap(self) -> Keymap:
        """Which keys do what."""
        return self.allele.keymap

    @property
    def reader(self) -> KeyReader:
        """Reads this screen's keys; another one as soon as keys were changed."""
        keymap = self.keymap
        if self._reader is None or self._reader_of is not keymap:
            self._reader = KeyReader(keymap.table_of(self.NAME), counts=keymap.counts, letters=LETTERS)
            self._reader_of = keymap
        return self._reader

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
        yield self.said

    def compose_body(self) -> ComposeResult:
        """The widgets between the bars."""
        yield from ()

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring every widget up to date; cheap, because widgets skip what is the same."""
        self.draw_top()
        self.draw_bottom()

    def draw_top(self) -> None:
        """Who and where on the left; daemon, training and sound on the right."""
        left, right = top_line(self.top_words(), self.session, self.allele.sound.words, self.size.width - 9)
        self.top.show([(" allele ", REVERSE), (left, PLAIN)], right)

    def top_words(self) -> str:
        """What stands beside the name."""
        return self.TITLE_WORDS

    def draw_bottom(self) -> None:
        """The words line and the mode line; a sentence just said takes the mode line's place."""
        self.words.show(self._with_keys(self.bottom_words()))
        waiting: list[Part] = [(f"  {self.reader.waiting} ", BOLD)] if self.reader.waiting else []
        if self.allele.macros.recording:
            waiting.insert(0, (f"  recording {self.allele.macros.recording} ", BOLD))
        right = waiting or ([] if self._said else self.mode_right())
        self.mode.show(self._said or self._with_keys(self.mode_words()), self._with_keys(right))
        said, style = self._said[0] if self._said else ("", PLAIN)
        self.said.show(said, style, self.size.width, 1 if self.prompt.is_open else 0)

    def _with_keys(self, parts: list[Part]) -> list[Part]:
        """Parts in which each `{action.id}` is the key that does it."""
        return [(self.keymap.fill(text), style) for text, style in parts]

    def bottom_words(self) -> list[Part]:
        """The line above the last; `{edit.undo}` stands for a key in all of these."""
        return []

    def mode_words(self) -> list[Part]:
        """The last line when nothing was said."""
        keys = [(" ".join(map(self.keymap.key_for, action.split())), words) for action, words in self.hints()]
        return [part for key, words in keys for part in ((f" {key} ", BOLD), (words, DIM))]

    def mode_right(self) -> list[Part]:
        """More of it, left out where there is no room."""
        return []

    def hints(self) -> list[tuple[str, str]]:
        """What to show of the keys: an action's id (or several with spaces between), and what it means here."""
        return []

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line until the next key; one that is no error also goes after SAID_S, since it
        hides the mode line and may have come by itself. A hidden screen's is shown by the visible one."""
        top = self.allele.top_screen
        if top is not None and top is not self:
            top.say(text, bad=bad)
            return
        text = self.keymap.fill(text)
        self.allele.macros.is_broken |= bad
        self._said = said = [(f" {text}", BOLD if bad else PLAIN)] if text else []
        if self.is_mounted:
            self.draw_bottom()
            if said and not bad:
                time_s = SAID_S * max(1.0, len(text) / 80)
                self.set_timer(time_s, lambda: self._unsay(said))

    def _unsay(self, said: list[Part]) -> None:
        """The sentence had its time, unless another one has taken its place."""
        if self._said is said:
            self._said = []
            self.draw_bottom()

    def on_changed(self, topic: str, key: str) -> None:
        """The session learnt something."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Shown again, on a terminal that may have been resized meanwhile: only a visible screen is told."""
        self._fit(self.app.size)
        self.call_after_refresh(self.draw)

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)
        self.allele.terminal.forget()
        self.call_after_refresh(self.draw)

    def _fit(self, size: Size) -> None:
        """Too small a terminal gets a sentence instead of a picture."""
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
        self.allele.macros.note(token, begins=not self.prompt.is_open and not self.reader.waiting)
        self.allele.sent = getattr(event, "sent", "")
        self.feed(token)

    def feed(self, token: str) -> None:
        """A key, pressed by hand or by a macro."""
        if self.prompt.is_open:
            self.prompt.type(token, token if len(token) == 1 else " " if token == "space" else None)
        elif not self.takes(token):
            self._said = []
            self.reader.bare = ENDS if self.allele.macros.recording else ()
            if (pressed := self.reader.feed(token)) is not None:
                self.pressed_keys = pressed.keys
                self._run(pressed)
        self.draw_bottom()

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
        self.allele.take_drop(text)

    def ask_for_corpus(self, paths: str) -> None:
        """A folder was dropped: go to where corpora are made, and ask for a name."""
        self.allele.go("library")
        library = self.allele.top_screen
        if library is not None and library is not self:
            library.ask_for_corpus(paths)

    def _run(self, pressed: Pressed) -> None:
        if pressed.action is None and pressed.keys.endswith("ctrl+c"):
            self.say("{app.quit} or :q leaves; strands and jobs go on")
        elif pressed.action is None:
            self.say(f"{shown(pressed.keys)} means nothing here; {{app.help}} shows every key")
        elif pressed.action:
            self.run_action_named(pressed.action, pressed.count, pressed.register)

    def run_action_named(self, action_id: str, count: int | None = None, register: str | None = None) -> None:
        """Carry an action out, or say why it cannot be."""
        action = BY_ID[action_id]
        why = action.why_not(self.situation())
        if why:
            self.say(f"{action.title.split(':')[0]}: {why}", bad=True)
            return
        method = self.method_of(action)
        if method is None:
            self.say(f"{action.title}: that is done on the {' or '.join(action.screens)} screen")
            return
        method(count, register)

    def run_chosen(self, action_id: str | None) -> None:
        """Carry out what the palette gave back."""
        if action_id is not None:
            self.run_action_named(action_id)
            self.draw_bottom()

    def method_of(self, action: Action) -> Any:
        """What carries an action out: the screen's method, or the app's."""
        if action.id.startswith("go."):
            return lambda count, register: self.allele.go(action.id.removeprefix("go."))
        return getattr(self, action.method, None) or getattr(self.app, action.method, None)

    def spawn(self, work: Any) -> None:
        """Run a coroutine; an AlleleError becomes a sentence."""
        self.session.spawn(work)

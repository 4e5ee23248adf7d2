"""The key input of one screen: the key reader finds an action, its check is called, and then its handler."""

from typing import TYPE_CHECKING

from textual import events
from textual.timer import Timer

from tui.actions.press import Handler, Press
from tui.actions.registry import ACTIONS, BY_ID
from tui.input.keymap import Keymap, shown
from tui.input.keys import KeyReader, Pressed
from tui.widgets.panel import Entry

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen

LETTERS = frozenset(action.id for action in ACTIONS if action.letter)
PAUSE_S = 0.5
"""The time after a prefix until the keys that can follow it are shown."""
ENDS = ("macro.record",)
LEAVES = ("ctrl+c", "q")
"""Keys that end other programs. Where they have no action, a sentence says how to quit."""


def token_of(event: events.Key) -> str:
    """Return the name of a key: the printable character, or the terminal's name."""
    if event.character is not None and event.is_printable and event.character != " ":
        return event.character
    return {"ctrl+at": "ctrl+space", "ctrl+i": "tab", "ctrl+j": "enter"}.get(event.key, event.key)


class KeyInput:
    """Reads keys for a screen and runs their actions."""

    def __init__(self, screen: "BaseScreen") -> None:
        self._screen = screen
        self._reader: KeyReader | None = None
        self._reader_of: Keymap | None = None
        self._timer: Timer | None = None
        self._shows_keys = False

    @property
    def reader(self) -> KeyReader:
        """The key reader of this screen; a new one after the keymap changed."""
        keymap = self._screen.keymap
        if self._reader is None or self._reader_of is not keymap:
            table = keymap.table_of(self._screen.NAME)
            self._reader = KeyReader(table, counts=keymap.counts, letters=LETTERS)
            self._reader_of = keymap
        return self._reader

    @property
    def waiting(self) -> str:
        """The keys of a partial command."""
        return self.reader.waiting

    @property
    def next_keys(self) -> list[Entry]:
        """The keys that can follow a prefix, with their meaning, once the user has paused after it."""
        if not self._shows_keys:
            return []
        asks = self.reader.asked_letter_for
        if asks is not None:
            return [("a letter", BY_ID[asks].letter, "")]
        return [(shown(key), BY_ID[action].title, action) for key, action in self.reader.following().items()]

    def _wait(self) -> None:
        """Show the keys that can follow a prefix after a pause; hide them once the command is complete."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        waits = bool(self.reader.following()) or self.reader.asked_letter_for is not None
        self._shows_keys = self._shows_keys and waits
        if waits and not self._shows_keys:
            self._timer = self._screen.set_timer(PAUSE_S, self._show_keys)

    def _show_keys(self) -> None:
        self._shows_keys = True
        self._screen.lines.draw_panel()

    def feed(self, token: str) -> None:
        """Handle a key from the user or a macro."""
        screen = self._screen
        if screen.prompt.is_open:
            screen.lines.clear()
            screen.prompt.type(token, token if len(token) == 1 else " " if token == "space" else None)
        else:
            screen.prompt.note_key()
            self._read(token)
        self._wait()
        screen.lines.draw_bottom()

    def _read(self, token: str) -> None:
        """Read a key that no prompt takes: a mode of the screen handles it, or the key reader."""
        screen = self._screen
        if not screen.takes(token):
            screen.lines.clear()
            self.reader.bare = ENDS if screen.allele.macros.recording else ()
            if (pressed := self.reader.feed(token)) is not None:
                self._run(pressed)

    def _run(self, pressed: Pressed) -> None:
        if pressed.action is None and pressed.keys in LEAVES:
            self._screen.say("{app.quit} or :q quits; strands and jobs stay")
        elif pressed.action is None:
            self._screen.say(f"{shown(pressed.keys)} has no action here; {{app.help}} shows every key")
        elif pressed.action:
            self.run(pressed.action, Press(pressed.count, pressed.register, pressed.keys))

    def click(self, action_id: str) -> None:
        """Run an action that was clicked. Keys typed before it are dropped."""
        self.reader.reset()
        self._wait()
        self._screen.lines.clear()
        self.run(action_id, Press())
        self._screen.lines.draw_bottom()

    def run(self, action_id: str, press: Press) -> None:
        """Run an action, or show why it is not possible."""
        action, screen = BY_ID[action_id], self._screen
        why = action.why_not(screen.situation())
        if why:
            screen.say(f"{action.title.split(':')[0]}: {why}", bad=True)
            return
        handler = self.handler_of(action_id)
        if handler is None:
            screen.say(f"{action.title}: only on the {' or '.join(action.screens)} screen")
            return
        handler(press)

    def handler_of(self, action_id: str) -> Handler | None:
        """Return the handler of an action: the screen's, else the application's."""
        return self._screen.handlers.get(action_id) or self._screen.allele.handlers.get(action_id)

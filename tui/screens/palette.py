"""The palette (ctrl+p): type a few letters of what you want, Enter does it. The same actions as the keys."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.actions.action import Action
from tui.actions.registry import WIDEST, actions_of
from tui.actions.situation import Situation
from tui.keymap import Keymap
from tui.widgets.lines import BOLD, TextLine
from tui.widgets.rows import Row, Rows


class PaletteScreen(ModalScreen[str | None], inherit_bindings=False):
    """Gives back the id of an action, or None."""

    def __init__(self, screen: str, situation: Situation, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap
        self._situation = situation
        self._actions = [action for action in actions_of(screen) if action.id != "app.palette"]
        self.rows = Rows("palette-rows")

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield TextLine("palette-title")
            yield Input(id="palette-input", compact=True)
            yield self.rows

    def on_mount(self) -> None:
        self.query_one("#palette-title", TextLine).show([(" What do you want to do?  Enter does it, Esc leaves", BOLD)])
        self._fill("")
        self.query_one("#palette-input").focus()

    def _fill(self, text: str) -> None:
        found = matching(self._actions, text, self._keymap)
        self.rows.fill([Row(self._row(action), action.id) for action in found] or [Row("nothing like that here")])

    def _row(self, action: Action) -> str:
        why = self._keymap.fill(action.why_not(self._situation))
        keys = self._keymap.words_for(action.id) or f":{action.id}"
        return f"{action.title:<{WIDEST}}  {keys:<18}{f' not now: {why}' if why else ''}"

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another letter."""
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        chosen = self.rows.current
        self.dismiss(chosen if isinstance(chosen, str) else None)

    def on_key(self, event: events.Key) -> None:
        """Keys that the input left."""
        if event.key in ("escape", "ctrl+p", "ctrl+c"):
            self.dismiss(None)
        elif event.key in ("down", "ctrl+n", "tab"):
            self.rows.step(1)
        elif event.key in ("up", "shift+tab"):
            self.rows.step(-1)
        else:
            return
        event.stop()
        event.prevent_default()


def matching(actions: list[Action], text: str, keymap: Keymap) -> list[Action]:
    """Actions whose title, id, keys or help hold every typed word, titles that begin with the text first."""
    words = text.lower().split()
    held = {
        action.id: f"{action.title} {action.id} {keymap.words_for(action.id)} {action.help} {action.group}".lower()
        for action in actions
    }
    found = [action for action in actions if all(word in held[action.id] for word in words)]
    return sorted(found, key=lambda action: not action.title.lower().startswith(text.lower()))

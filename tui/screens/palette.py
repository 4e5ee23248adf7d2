"""The palette (ctrl+p): type a few letters to filter the actions, Enter runs one."""

from tui.actions.action import Action
from tui.actions.registry import WIDEST, actions_of
from tui.actions.situation import Situation
from tui.input.keymap import Keymap
from tui.screens.chooser import Chooser
from tui.widgets.rows import Row


class PaletteScreen(Chooser):
    """Returns the id of an action, or None."""

    def __init__(self, screen: str, situation: Situation, keymap: Keymap) -> None:
        super().__init__("What do you want to do?  Enter runs it", leaves=("ctrl+p",))
        self._keymap = keymap
        self._situation = situation
        self._actions = [action for action in actions_of(screen) if action.id != "app.palette"]

    def found(self, text: str) -> list[Row]:
        found = matching(self._actions, text, self._keymap)
        return [Row(self._row(action), action.id) for action in found] or [Row("no action matches")]

    def _row(self, action: Action) -> str:
        why = self._keymap.fill(action.why_not(self._situation))
        keys = self._keymap.words_for(action.id) or f":{action.id}"
        return f"{action.title:<{WIDEST}}  {keys:<18}{f' not now: {why}' if why else ''}"


def matching(actions: list[Action], text: str, keymap: Keymap) -> list[Action]:
    """Return actions whose title, id, keys or help contain every typed word; titles that begin with the text first."""
    words = text.lower().split()
    held = {
        action.id: f"{action.title} {action.id} {keymap.words_for(action.id)} {action.help} {action.group}".lower()
        for action in actions
    }
    found = [action for action in actions if all(word in held[action.id] for word in words)]
    return sorted(found, key=lambda action: not action.title.lower().startswith(text.lower()))

"""The palette (ctrl+p): type a few letters to filter actions and commands, Enter runs one.

Everyday words find what they mean (tui.actions.words). An operation or command without a key is listed too: choosing
it begins the `:` line with it.
"""

from protocol.operations import OPS
from tui.actions.action import Action
from tui.actions.registry import WIDEST, actions_of
from tui.actions.situation import Situation
from tui.actions.words import NO_MATCH, rank
from tui.input.keymap import Keymap
from tui.model.commands import OWN
from tui.screens.chooser import Chooser
from tui.widgets.rows import Row

COMMANDS = {
    **{name: spec.summary for name, spec in OPS.items() if not spec.action},
    **{name: text for name, text in OWN.items() if name not in ("q", "help")},
}
"""What only the `:` line has, with its meaning."""


class PaletteScreen(Chooser):
    """Returns the id of an action, or None."""

    def __init__(self, screen: str, situation: Situation, keymap: Keymap) -> None:
        super().__init__("What do you want to do?  Enter runs it", leaves=("ctrl+p",))
        self._keymap = keymap
        self._situation = situation
        self._actions = [action for action in actions_of(screen) if action.id != "app.palette"]

    def found(self, text: str) -> list[Row]:
        entries = [
            *((rank(text, one.title, searched(one, self._keymap)), self._row(one), one.id) for one in self._actions),
            *((rank(text, f"{name}: {what}", f"{name} {what}".lower()), f":{name:<{WIDEST}} {what}", f":{name} ")
              for name, what in COMMANDS.items()),
        ]  # fmt: skip
        matching = sorted((entry for entry in entries if entry[0] < NO_MATCH), key=lambda entry: entry[0])
        return [Row(row, key) for _, row, key in matching] or [Row("no action matches; try another word")]

    def _row(self, action: Action) -> str:
        why = self._keymap.fill(action.why_not(self._situation))
        keys = self._keymap.words_for(action.id) or f":{action.id}"
        return f"{action.title:<{WIDEST}}  {keys:<18}{f' not now: {why}' if why else ''}"


def searched(action: Action, keymap: Keymap) -> str:
    """Return everything about an action that a search looks at, in lower case."""
    operation = OPS.get(action.id.partition(".")[2])
    summary = operation.summary if operation is not None else ""
    words = (action.title, action.id, keymap.words_for(action.id), action.help, action.group, summary)
    return " ".join(words).lower()

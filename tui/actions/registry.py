"""The registry of every action of the TUI.

Screens, palette, help, the `:` line (`:edit.undo`), `allele keymap` and docs/keys.md are made from it;
tui.input.keymap binds keys to its ids. A new action needs three things: a line in one of the modules imported here, a
key in tui.input.keymaps.vim (and in tui.input.keymaps.tracker if that key is taken there), and a handler in its
screen or in the application.
"""

from tui.actions import codebook, editing, editor, hearing, program, viewing
from tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    *editor.ACTIONS,
    *editing.ACTIONS,
    *hearing.ACTIONS,
    *viewing.ACTIONS,
    *codebook.ACTIONS,
    *program.ACTIONS,
)
WIDEST = max(len(action.title) for action in ACTIONS)
"""The width of the longest title, in terminal columns."""
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> list[Action]:
    """List the actions that a screen has, including those of every screen."""
    return [action for action in ACTIONS if not action.screens or screen in action.screens]


def meet(one: Action, two: Action) -> bool:
    """Return whether some screen has both actions, so that their keys must differ."""
    return not one.screens or not two.screens or bool(set(one.screens) & set(two.screens))

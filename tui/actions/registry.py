"""Every action of the TUI, once.

Screens, palette, help, the `:` line (`:edit.undo`), `allele keymap` and docs/keys.md are made from it; tui.input.keymap
binds keys to its ids. A new action is a line in one of the modules imported here, a key in tui.input.keymaps.vim
(and in tui.input.keymaps.tracker where that one is taken), and a handler in its screen or in the
application.
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
"""Columns that the titles take, one below the other."""
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> list[Action]:
    """Actions that mean something on a screen."""
    return [action for action in ACTIONS if not action.screens or screen in action.screens]


def meet(one: Action, two: Action) -> bool:
    """Is there a screen on which both mean something?"""
    return not one.screens or not two.screens or bool(set(one.screens) & set(two.screens))

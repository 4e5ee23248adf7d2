"""The registry of every action of the TUI.

Screens, palette, help, the `:` line (`:edit.undo`), `allele keymap` and docs/keys.md are made from it; tui.input.keymap
binds keys to its ids. A new action is a line in a module of this folder, a key in tui.input.keymaps.vim (and in
tui.input.keymaps.tracker where that one is taken), and a handler in its screen or in the application. Every module here
that holds ACTIONS is found by itself.
"""

from importlib import import_module
from pkgutil import iter_modules

import tui.actions
from tui.actions.action import Action

FIRST = ("editor", "editing", "hearing", "viewing")
"""Modules whose actions come first in help and palette; the others follow by name."""


def _found() -> list[Action]:
    names = [module.name for module in iter_modules(tui.actions.__path__) if module.name != "registry"]
    names.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    modules = [import_module(f"tui.actions.{name}") for name in names]
    return [action for module in modules for action in getattr(module, "ACTIONS", ())]


ACTIONS: tuple[Action, ...] = tuple(_found())
WIDEST = max(len(action.title) for action in ACTIONS)
"""The width of the longest title, in terminal columns."""
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> list[Action]:
    """List the actions that a screen has, including those of every screen."""
    return [action for action in ACTIONS if not action.screens or screen in action.screens]


def meet(one: Action, two: Action) -> bool:
    """Return whether some screen has both actions, so that their keys must differ."""
    return not one.screens or not two.screens or bool(set(one.screens) & set(two.screens))

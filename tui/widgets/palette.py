"""The command palette (ctrl+p): every action of the screen below, with its keys, from the same registry."""

from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.keymap import Action, actions_of, keys_of


class ActionProvider(Provider):
    """Actions as palette entries; choosing one does what its key does, or says why not."""

    def _actions(self) -> list[Action]:
        screen: Any = getattr(self.app, "top_screen", None)
        return [a for a in actions_of(screen.NAME) if a.id != "app.palette"] if screen is not None else []

    def _run(self, action: Action) -> None:
        screen: Any = getattr(self.app, "top_screen", None)
        if screen is not None:
            screen.run_action_named(action.id)

    async def discover(self) -> Hits:
        for action in self._actions():
            yield DiscoveryHit(f"{action.title}  ({keys_of(action.id)})", partial(self._run, action), help=action.group)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._actions():
            text = f"{action.title}  ({keys_of(action.id)})"
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), partial(self._run, action), help=action.group)

"""The library's actions on models: move one to the trash, and restore it."""

from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.models import DeleteModel, RestoreModel
from tui.actions.press import Handlers, Press
from tui.model.names import NAME_RULE, is_name
from tui.model.words import plural
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.screens.library import LibraryScreen


class LibraryModels:
    """Runs the actions on the chosen model."""

    def __init__(self, screen: "LibraryScreen") -> None:
        self._screen = screen
        self._deleted = ""  # the model that was last moved to the trash here

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on models."""
        return {"library.delete": self._delete_chosen, "library.restore": self._ask_to_restore}

    def _delete_chosen(self, press: Press) -> None:
        self._screen.spawn(self._delete(self._screen.chosen[1]))

    async def _delete(self, model: str) -> None:
        codecs = {one.name: one.codec_id for one in self._screen.session.models}
        await self._screen.session.ask(DeleteModel(name=model))
        self._deleted, gone = model, codecs.pop(model, "")
        held = [strand for strand in self._screen.session.strands.values() if strand.meta.codec_id == gone]
        silent = 0 if gone in codecs.values() else len(held)
        effect = f" and {plural(silent, 'strand')} silent" if silent else ""
        self._screen.say(f"{model} is in the trash{effect}; {{library.restore}} restores it")

    def _ask_to_restore(self, press: Press) -> None:
        self._screen.prompt.ask("model to restore: ", self._restore, value=self._deleted)

    def _restore(self, text: str) -> Work | None:
        name = text.strip()
        return self._restore_model(name) if name else None

    async def _restore_model(self, name: str) -> None:
        if not is_name(name):
            raise AlleleError("E_BAD_REQUEST", f"a name has {NAME_RULE}")
        await self._screen.session.ask(RestoreModel(name=name))
        self._deleted = ""
        self._screen.say(f"{name} is restored")

"""The library's actions on models: generate with one, move one to the trash, and restore it.

Deleting asks first, with what depends on the model, since strands are silent without it.
"""

from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.models import DeleteModel, RenameModel, RestoreModel
from tui.actions.press import Handlers, Press
from tui.model.answers import is_yes
from tui.model.dependents import dependents_of
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
        return {"library.restore": self._ask_to_restore, "library.generate": self._generate}

    def _generate(self, press: Press) -> None:
        self._screen.allele.generating.model = self._screen.chosen[1]
        self._screen.allele.go("generate")

    def rename(self, model: str) -> None:
        """Ask for a model's new name."""
        self._screen.prompt.ask("new name: ", lambda text: self._rename(model, text), value=model)

    def _rename(self, model: str, text: str) -> Work | None:
        name = text.strip()
        if name in ("", model):
            return None
        if not is_name(name):
            raise AlleleError("E_BAD_REQUEST", f"a name has {NAME_RULE}")
        return self._renamed(model, name)

    async def _renamed(self, model: str, name: str) -> None:
        await self._screen.session.ask(RenameModel(name=model, new_name=name))
        self._screen.say(f"{model} is called {name} now; its strands find it")

    def delete(self, model: str) -> None:
        """Ask whether to move a model to the trash, and say what depends on it.

        A model that a job works on cannot be moved; then the message names the job.
        """
        session = self._screen.session
        needs = dependents_of(model, session.models, session.strands.values(), session.jobs.values())
        if needs.jobs:
            self._screen.say(f"{model}: {needs.job_words}; {{train.cancel}} there ({{go.train}}) cancels it", bad=True)
            return
        effect = f"{needs.strand_words} would be silent" if needs.strands else "no open strand needs it"

        def answered(text: str) -> Work | None:
            return self._delete(model, len(needs.strands)) if is_yes(text) else None

        self._screen.prompt.ask(f"delete model {model}? y or n: ", answered, kind="delete", wants=effect)

    async def _delete(self, model: str, silent: int) -> None:
        await self._screen.session.ask(DeleteModel(name=model))
        self._deleted = model
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

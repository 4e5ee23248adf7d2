"""The keys of presets: recall one into the controls, save the controls as one, delete one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.sounds import SavePreset
from tui.actions.press import Handlers
from tui.generate.lists import PresetList
from tui.model.answers import is_yes
from tui.model.names import NAME_RULE, free_name, is_name
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen


class PresetKeys:
    """Runs the actions on the presets of the chosen model."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen
        self._last = ""

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on presets."""
        return {
            "generate.presets": lambda _: self._choose("recalls", self._recall),
            "generate.save_preset": lambda _: self._ask_name(),
            "generate.delete_preset": lambda _: self._choose("deletes", self._delete),
        }

    @property
    def _model(self) -> str:
        return "" if self._screen.model is None else self._screen.model.name

    def _choose(self, verb: str, chosen: Callable[[str | None], None]) -> None:
        presets = self._screen.session.sounds.presets.get(self._model, [])
        if presets:
            self._screen.app.push_screen(PresetList(presets, verb), chosen)
        else:
            self._screen.say("this model has no preset yet: {generate.save_preset} saves the controls as one")

    def _recall(self, name: str | None) -> None:
        presets = self._screen.session.sounds.presets.get(self._model, [])
        preset = next((one for one in presets if one.name == name), None)
        if preset is not None:
            self._last = preset.name
            self._screen.values.take(preset.options)
            self._screen.draw()
            self._screen.allele.remember()
            self._screen.say(f"preset {name}; {{generate.choose}} makes sounds with it")

    def _delete(self, name: str | None) -> None:
        if name is not None:
            self._screen.spawn(self._deleted(name))

    async def _deleted(self, name: str) -> None:
        await self._screen.session.sounds.delete_preset(self._model, name)
        self._screen.say(f"preset {name} is in the trash")

    def _ask_name(self) -> None:
        taken = {one.name for one in self._screen.session.sounds.presets.get(self._model, [])}
        offer = self._last if self._last in taken else free_name("preset", taken)
        self._screen.prompt.ask("name of the preset: ", self._save, value=offer)

    def _save(self, text: str) -> Work | None:
        name = text.strip()
        if not name:
            return None
        if not is_name(name):
            raise AlleleError("E_BAD_REQUEST", f"a name has {NAME_RULE}")
        if any(one.name == name for one in self._screen.session.sounds.presets.get(self._model, [])):
            question = f"{name} exists; replace it? y/n: "
            self._screen.prompt.ask(
                question, lambda answer: self._saved(name, replace=True) if is_yes(answer) else None
            )
            return None
        return self._saved(name, replace=False)

    async def _saved(self, name: str, *, replace: bool) -> None:
        options = self._screen.values.options
        await self._screen.session.sounds.save_preset(
            SavePreset(model=self._model, name=name, options=options, replace=replace)
        )
        self._last = name
        self._screen.say(f"saved as preset {name}; {{generate.presets}} recalls it")

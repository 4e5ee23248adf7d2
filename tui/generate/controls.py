"""The keys of the Generate screen's controls: step, type and reset a value, lock the seed, choose the model."""

from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.generation import Real
from protocol.options import SWITCH, Called, Choice, Whole
from tui.actions.press import Handlers, Press
from tui.generate.lists import ModelList
from tui.model.controls import BY_NAME, accepted_words, value_words
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen

BEGINS = frozenset("0123456789-.")


class ControlKeys:
    """Runs the actions on the control under the cursor."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on controls."""
        return {
            "generate.less": lambda press: self._step(-press.times),
            "generate.more": lambda press: self._step(press.times),
            "generate.type": lambda _: self._ask(self._screen.control, ""),
            "generate.reset": lambda _: self._reset(),
            "generate.reset_all": lambda _: self._reset_all(),
            "generate.lock_seed": lambda _: self._lock_seed(),
            "generate.model": self._choose_model,
        }

    def takes(self, token: str) -> bool:
        """Begin to type a value with a digit or a minus. Returns whether the key was used."""
        name, screen = self._screen.control, self._screen
        if token not in BEGINS or not name or screen.keys.waiting or not self._is_number(name):
            return False
        self._ask(name, token)
        return True

    @staticmethod
    def _is_number(name: str) -> bool:
        return isinstance(BY_NAME[name].kind, Real | Whole)

    def _step(self, by: int) -> None:
        name, values = self._screen.control, self._screen.values
        if isinstance(BY_NAME[name].kind, Choice | Real | Whole):
            values.step(name, by)
            self._changed()
        else:
            self._ask(name, "")

    def _ask(self, name: str, typed: str) -> None:
        option = BY_NAME[name]
        if isinstance(option.kind, Called):
            self._choose_other(name)
            return
        if option.kind is SWITCH:
            self._screen.values.put(name, not self._screen.values.value(name))
            self._changed()
            return
        now = self._screen.values.values.get(name)
        self._screen.prompt.ask(
            f"{option.label} ({accepted_words(name)}): ",
            lambda text: self._read(name, text),
            value="" if now is None else f"{now:g}" if isinstance(now, float) else str(now),
            typed=typed,
            kind=f"generate {name}",
            wants=option.help_text,
        )

    def _read(self, name: str, text: str) -> Work | None:
        try:
            self._screen.values.read(name, text)
        except ValueError as problem:
            raise AlleleError("E_BAD_REQUEST", f"{BY_NAME[name].label}: {problem}") from None
        self._changed()
        return None

    def _reset(self) -> None:
        self._screen.values.read(self._screen.control, "")
        self._changed()

    def _reset_all(self) -> None:
        self._screen.values.values.clear()
        self._screen.values.is_locked = False
        self._changed()
        self._screen.say("every control is at its default")

    def _lock_seed(self) -> None:
        values = self._screen.values
        if "seed" in values.values:
            del values.values["seed"]
            values.is_locked = False
        elif values.last_seed is None:
            self._screen.say("there is no seed yet: make sounds first, or type one", bad=True)
            return
        else:
            values.is_locked = not values.is_locked
        self._changed()
        again = f"the next sounds take seed {value_words('seed', values).removesuffix(' =')} again"
        self._screen.say(again if values.is_locked else "every time new seeds are drawn")

    def _choose_other(self, name: str) -> None:
        """Choose another model than the one that generates, as the value of a control."""
        screen = self._screen
        own = None if screen.model is None else screen.model.name
        others = [model for model in screen.session.newest_first if model.name != own]
        if others:
            screen.app.push_screen(ModelList(others, "Together with"), lambda chosen: self._take_other(name, chosen))
        else:
            screen.say("there is no other model: train one in the library ({go.library})", bad=True)

    def _take_other(self, name: str, chosen: str | None) -> None:
        if chosen is not None:
            self._screen.values.put(name, chosen)
            self._changed()

    def _choose_model(self, press: Press) -> None:
        models = self._screen.session.newest_first
        if models:
            self._screen.app.push_screen(ModelList(models), self._take_model)
        else:
            self._screen.say("no model yet: train one in the library ({go.library})", bad=True)

    def _take_model(self, name: str | None) -> None:
        if name is not None:
            self._screen.allele.generating.model = name
            self._changed()

    def _changed(self) -> None:
        self._screen.draw()
        self._screen.allele.remember()

"""The actions that record and play macros, on every screen."""

from collections.abc import Callable

from protocol.edits import REGISTER_NAMES
from tui.actions.press import Handlers, Press
from tui.input.macros import Macros
from tui.model.words import plural


class MacroKeys:
    """Records and plays `macros`.

    Args:
        say: shows a sentence; its second argument is True for an error.
        press: presses a recorded key; returns False when no screen accepts keys any more.
        changed: called after a macro was recorded.
    """

    def __init__(
        self,
        macros: Macros,
        say: Callable[[str, bool], None],
        press: Callable[[str], bool],
        changed: Callable[[], None],
    ) -> None:
        self._macros, self._say, self._press, self._changed = macros, say, press, changed

    def handlers(self) -> Handlers:
        """Return the handlers of the actions of macros."""
        return {"macro.record": self.record, "macro.play": self.play}

    def record(self, press: Press) -> None:
        """Start a recording under the typed letter, or end the current recording."""
        if self._macros.recording is not None:
            self._finish()
        elif press.register is None or press.register not in set(REGISTER_NAMES):
            self._say("a macro needs a name: {macro.record} and a letter, such as {macro.record} a", True)
        else:
            name = press.register
            self._macros.begin(name)
            self._say(f"recording {name}: every key until {{macro.record}}; {{macro.play}} {name} plays it", False)

    def _finish(self) -> None:
        made = self._macros.finish()
        if made.kept < made.pressed:
            words = f"only the first {made.kept} of {made.pressed} keys are kept"
            self._say(f"macro {made.name}: {words}; {{macro.play}} {made.name} plays them", True)
        else:
            self._say(f"macro {made.name}: {plural(made.kept, 'key')}; {{macro.play}} {made.name} plays it", False)
        self._changed()

    def play(self, press: Press) -> None:
        """Press the keys of the macro under the typed letter, as many times as the count says."""
        if self._macros.named(press.register) is None:
            known = ", ".join(sorted(self._macros.known)) or "none"
            self._say(f"there is no macro {press.register} (recorded: {known}); {{macro.record}} records one", True)
            return
        self._macros.play(press.register, press.times, self._press)

"""The actions that record and play macros, on whichever screen is shown."""

from collections.abc import Callable

from protocol.edits import REGISTER_NAMES
from tui.actions.press import Handlers, Press
from tui.input.macros import Macros
from tui.model.words import plural


class MacroKeys:
    """Records and plays `macros`.

    Args:
        say: shows a sentence; `bad` for an error.
        press: presses a recorded key; False when nothing takes keys any more.
        changed: called when a macro was recorded.
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
        """Which method carries out which action."""
        return {"macro.record": self.record, "macro.play": self.play}

    def record(self, press: Press) -> None:
        """Begin a recording under the letter typed, or end the one that is running."""
        if self._macros.recording is not None:
            self._finish()
        elif press.register is None or press.register not in set(REGISTER_NAMES):
            self._say("a macro needs a name: {macro.record} and a letter, as in {macro.record} a", True)
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
        """Press the keys of the macro under the letter typed, as many times as the count says."""
        if self._macros.named(press.register) is None:
            known = ", ".join(sorted(self._macros.known)) or "none"
            self._say(f"there is no macro {press.register} (recorded: {known}); {{macro.record}} records one", True)
            return
        self._macros.play(press.register, press.times, self._press)

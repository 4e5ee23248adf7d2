"""What the hands need of the app, whichever screen is shown: keymap, macros, dropped files, the undo list.

Base of `tui.app.AlleleApp`, which composes session, sound and screens.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.edits import REGISTER_NAMES
from protocol.errors import AlleleError
from tui.crash import FrankApp
from tui.drops import read_drop
from tui.keyfile import read_keys
from tui.keymap import Keymap
from tui.model.editor import NAMES, Editor
from tui.model.macros import Macros
from tui.model.paths import read_paths
from tui.model.words import plural
from tui.screens.undo_list import UndoList
from tui.session import Session

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen


class HandsApp(FrankApp, inherit_bindings=False):
    """Keys, macros and pasted paths of the app."""

    session: Session
    editor: Editor

    def __init__(self, home: Path, **more: Any) -> None:
        super().__init__(home, **more)
        self.own_keys = read_keys(home)
        self.keymap: Keymap = self.own_keys.keymap()
        self.sent = ""  # characters of the last key, as the terminal sent them
        self.macros = Macros()

    @property
    def top_screen(self) -> "BaseScreen | None":
        """The screen of ours that is visible, if any."""
        raise NotImplementedError

    def say(self, text: str, *, bad: bool = False) -> None:
        """A sentence on the last line."""
        raise NotImplementedError

    def remember(self) -> None:
        """Keep what is shown and recorded."""
        raise NotImplementedError

    async def open_in_pane(self, path: Path, index: int, model: str | None) -> None:
        """Make a strand of a file and show it in a pane."""
        raise NotImplementedError

    # --- files -------------------------------------------------------------------------------------------

    def open_text(self, text: str, index: int) -> None:
        """Open the first path of a text in a pane, and the second in the other."""
        try:
            self.open_files(read_paths(text), index)
        except AlleleError as error:
            self.say(str(error), bad=True)

    def open_files(self, paths: list[Path], index: int) -> None:
        """Open a file in a pane, and a second one in the other; there are two panes."""
        if len(paths) > len(NAMES):
            self.say(
                f"{len(paths)} files: the first two are opened; {{library.new}} in the library makes a corpus of all"
            )
        for offset, path in enumerate(paths[:2]):
            self.session.spawn(self.open_in_pane(path, (index + offset) % 2, None))

    def take_drop(self, text: str) -> None:
        """Text was pasted or a file dropped while nothing was asked: open files, offer folders to the library."""
        try:
            drop = read_drop(text)
        except AlleleError as error:
            self.say(str(error), bad=True)
            return
        screen = self.top_screen
        if drop is None:
            self.say("pasted text goes into a prompt: open one with {app.command} or {file.open}")
        elif drop.folders and screen is not None:
            screen.ask_for_corpus(text)
        else:
            self.open_files(drop.files, self.editor.focus)

    # --- macros ------------------------------------------------------------------------------------------

    def do_macro_record(self, count: int | None, register: str | None) -> None:
        if self.macros.recording is not None:
            self._end_macro()
        elif register is None or register not in set(REGISTER_NAMES):
            self.say("a macro needs a name: {macro.record} and a letter, as in {macro.record} a", bad=True)
        else:
            self.macros.begin(register)
            self.say(f"recording {register}: every key until {{macro.record}}; {{macro.play}} {register} plays it")

    def _end_macro(self) -> None:
        made = self.macros.finish()
        if made.kept < made.pressed:
            words = f"only the first {made.kept} of {made.pressed} keys are kept"
            self.say(f"macro {made.name}: {words}; {{macro.play}} {made.name} plays them", bad=True)
        else:
            self.say(f"macro {made.name}: {plural(made.kept, 'key')}; {{macro.play}} {made.name} plays it")
        self.remember()

    def do_macro_play(self, count: int | None, register: str | None) -> None:
        if self.macros.named(register) is None:
            known = ", ".join(sorted(self.macros.known)) or "none"
            self.say(f"there is no macro {register} (recorded: {known}); {{macro.record}} records one", bad=True)
            return
        self.macros.play(register, count or 1, self._press)

    def _press(self, stroke: str) -> bool:
        screen = self.top_screen
        if screen is None or screen is not self.screen:
            return False  # a palette or a form is open
        screen.feed(stroke)
        return True

    # --- history -----------------------------------------------------------------------------------------

    def show_history(self, strand: str) -> None:
        """The undo list of a strand."""
        self.push_screen(UndoList(strand))

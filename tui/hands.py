"""What the hands need of the app, whichever screen is shown: keymap, macros, files, workspace, the undo list.

Base of `tui.app.AlleleApp`, which composes session, sound and screens.
"""

from pathlib import Path
from typing import Any

from protocol.edits import REGISTER_NAMES
from protocol.errors import AlleleError
from tui.crash import FrankApp
from tui.drops import read_drop
from tui.input.keyfile import read_keys
from tui.input.keymap import Keymap
from tui.input.macros import Macros
from tui.model.editor import NAMES, Editor
from tui.model.paths import line_of, read_paths
from tui.model.words import plural
from tui.model.workspace import dump_workspace
from tui.screens.base import BaseScreen
from tui.screens.undo_list import UndoList
from tui.session.session import Session

KEEP_S = 0.2


class HandsApp(FrankApp, inherit_bindings=False):
    """Keys, macros, files and what is kept of the app."""

    session: Session
    editor: Editor

    def __init__(self, home: Path, **more: Any) -> None:
        super().__init__(home, **more)
        self.own_keys = read_keys(home)
        self.keymap: Keymap = self.own_keys.keymap()
        self.sent = ""  # characters of the last key, as the terminal sent them
        self.macros = Macros()
        self.job: str | None = None
        self.showing = "editor"
        self.begun = False
        self._keeping: Any = None

    @property
    def top_screen(self) -> BaseScreen | None:
        """The screen of ours that is visible, if any."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, BaseScreen):
                return screen
        return None

    def say(self, text: str, *, bad: bool = False) -> None:
        """A sentence on the last line."""
        if self.top_screen is not None:
            self.top_screen.say(text, bad=bad)

    # --- workspace ---------------------------------------------------------------------------------------

    def workspace(self) -> str:
        """What to show again."""
        return dump_workspace(self.editor, self.showing, self.job, self.macros.known)

    def remember(self) -> None:
        """Keep the workspace soon; a burst of keys is one request."""
        if self.begun and self._keeping is None:
            self._keeping = self.set_timer(KEEP_S, self._keep_now)

    def _keep_now(self) -> None:
        self._keeping = None
        self.session.spawn(self.session.keep(self.workspace()))

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
            screen.ask_for_corpus(line_of(drop.paths))
        else:
            self.open_files(drop.files, self.editor.focus)

    async def open_in_pane(self, path: Path, index: int, model: str | None) -> None:
        """Make a strand of a file and show it in a pane.

        Raises:
            AlleleError: naming the file and the mend.
        """
        self.say(f"opening {path.name} ...")
        strand, notes = await self.session.open_strand(path, model or self.model_for(index))
        await self.show_strand(strand, index)
        self.say("; ".join([f"{path.name} is strand {'AB'[index]}", *notes]))

    async def show_strand(self, strand: str, index: int) -> None:
        """Show a living strand in a pane."""
        await self.session.fetch(strand)
        self.editor.open_in(index, strand)
        if self.top_screen is not None:
            self.top_screen.draw()
        self.remember()

    def model_for(self, index: int) -> str | None:
        """The model a sound is encoded with when nobody says: that of the other pane, else the newest."""
        for pane in (self.editor.panes[1 - index], self.editor.panes[index]):
            info = self.session.strands.get(pane.strand or "")
            model = None if info is None else self.session.model_of(info.meta)
            if model is not None and not model.problem:
                return model.name
        return next((model.name for model in self.session.newest_first), None)

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

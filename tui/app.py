"""The TUI's composition root: session, sound, screens, workspace, and an orderly end.

Data flow: `Session` and `Sound` report changes, and the top screen draws them. The state to restore at the next start
is in the workspace, which the daemon stores. `_display` sends every update of Textual through `DiffUpdate`.

What can go wrong: the terminal hangs up (SIGHUP, or unreported, which is polled) or the process receives SIGTERM. The
workspace is saved and the process ends within 0.2 s. The daemon keeps running.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.generation import StartGeneration
from protocol.places import places_of
from tui.actions.press import Handlers, Press
from tui.actions.registry import BY_ID
from tui.crash import CrashReportingApp
from tui.editor.screen import EditorScreen
from tui.first_run import DemoPlan, run_demo
from tui.generate.screen import GenerateScreen
from tui.input.keyfile import read_keys
from tui.input.keymap import Keymap
from tui.input.macro_keys import MacroKeys
from tui.input.macros import Macros
from tui.model.colours import Tier
from tui.model.editor import Editor
from tui.model.generating import Generating
from tui.model.training import Training
from tui.model.workspace import dump_workspace, load_workspace, restore
from tui.opening import FileOpener
from tui.screens.base import BaseScreen
from tui.screens.chooser import Chooser
from tui.screens.codebook import CodebookScreen
from tui.screens.form import TrainForm
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.library import LibraryScreen
from tui.screens.over import OverScreen
from tui.screens.palette import PaletteScreen
from tui.screens.takes import TakeList
from tui.screens.train import TrainScreen
from tui.screens.undo_list import UndoList
from tui.session.session import Session
from tui.settings import TERMINAL, apply_settings, read_settings
from tui.sound import Sound
from tui.themes import Themes
from tui.transport.daemon_target import DaemonTarget
from tui.widgets.code_grid import tier_of
from tui.widgets.driver import LeanDriver, tune_textual
from tui.widgets.rows import Rows
from tui.widgets.terminal import DiffUpdate, Terminal

LEAVE_S = 0.18
POLL_S = 1.0
KEEP_S = 0.2
SCREENS = ("editor", "library", "train", "codebook", "generate", "keys")


class AlleleApp(CrashReportingApp, inherit_bindings=False):
    """The terminal editor. Its parts are session, sound, editor (the model), files, macros and the screens."""

    CSS_PATH = "app.tcss"
    TITLE = "Allele"
    ENABLE_COMMAND_PALETTE = False  # ours is made from the registry of actions, without emoji
    BINDINGS = [("ctrl+q", "leave", "Quit")]  # noqa: RUF012

    def __init__(
        self,
        home: Path,
        *,
        open_paths: Sequence[Path | str] = (),
        model: str | None = None,
        start_job: str | None = None,
        demo: DemoPlan | None = None,
        target: DaemonTarget | None = None,
    ) -> None:
        super().__init__(home, driver_class=LeanDriver, ansi_color=True)
        self.settings = read_settings(home)
        self.base_style: Style | None = None  # the colours of a theme; None for the terminal's own
        self.themes = Themes(self)
        unknown = self.themes.begin(self.settings.theme or TERMINAL)
        self._problems = [*self.settings.problems, *filter(None, [unknown])]
        self.terminal_tier = tier_of(self.console.color_system, self.no_color)
        self._cursor_shown = False
        self.terminal = Terminal(self.no_color)
        self.session = Session(target or DaemonTarget.of_home(home), self._on_change)
        player_log = places_of(home).logs / "player.log"
        self.sound = Sound(self.session, player_log, lambda topic: self._on_change(topic, ""), self.say)
        self.editor, self.generating = Editor(), Generating()
        self.files = FileOpener(self)
        self.own_keys = read_keys(home)
        self.keymap: Keymap = self.own_keys.keymap()
        self.sent = ""  # characters of the last key, as the terminal sent them
        self.macros = Macros()
        self.job = start_job
        self.showing = self.shown_before = "editor"
        self.begun = False
        self._keeping: Any = None
        self.handlers = self._handlers()
        self.notice = ""  # the progress of the first run
        self.is_remote = bool(os.environ.get("SSH_CONNECTION"))  # then output is kept small
        self._open_paths, self._model, self._demo = open_paths, model, demo
        self._library, self._editor_screen, self.generate_screen = LibraryScreen(), EditorScreen(self), GenerateScreen()
        self._screens: dict[str, BaseScreen] = {}

    # --- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show a screen at once, and find or start the daemon in the background."""
        self.animation_level = "none"
        self._screens = {
            screen.NAME: screen
            for screen in (
                self._editor_screen,
                self._library,
                TrainScreen(),
                CodebookScreen(),
                self.generate_screen,
                KeysScreen(),
            )
        }
        for name, screen in self._screens.items():
            self.install_screen(screen, name)  # otherwise Textual ends a screen that is switched away from
        self.showing = "train" if self._demo or self.job else "editor"
        self.push_screen(self.showing)
        if not self.is_headless:
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, partial(self._hang_up, number))
            self.set_interval(POLL_S, self._poll_terminal)
        self.run_worker(self._begin(), exit_on_error=True)

    async def _begin(self) -> None:
        await self.session.open()
        await self._restore()
        self.begun = True
        for line in [*self._problems, *self.own_keys.problems][:1]:
            self.call_after_refresh(self.say, line, bad=True)  # on the screen that is being switched to
        self.session.spawn(self.sound.start())
        if self._demo is not None:
            self.session.spawn(run_demo(self, self._demo))
        elif self._open_paths:
            self.session.spawn(self.files.open_given(self._open_paths, self._model))
            self.go("editor")

    async def _restore(self) -> None:
        """Restore the workspace, or show the library at the first start."""
        state = load_workspace(self.session.workspace)
        living = set(self.session.strands)
        screen = "library"
        if state is not None:
            restore(self.editor, state, living)
            self.generating.restore(state.generate)
            self.macros.known = {**state.macros, **self.macros.known}
            screen = state.screen if state.screen in self._screens else "library"
            self.job = self.job or (state.job if state.job in self.session.jobs else None)
        apply_settings(self.settings, self.editor)
        for pane in self.editor.panes:
            if pane.strand is not None:
                try:
                    await self.session.grids.fetch(pane.strand)
                except AlleleError as error:
                    if error.code == "E_NOT_FOUND":
                        pane.strand = None
                    self.say(str(error))
        if self._demo is None and not self._open_paths:
            self.go("train" if self.job and self.showing == "train" else screen)
        self._on_change("strands", "")

    async def shut(self) -> None:
        """Save the workspace, end the player and close the connection."""
        self.session.workspace = self.workspace() if self.begun else ""
        await self.session.close()
        await self.sound.close()

    async def on_unmount(self) -> None:
        await self.shut()

    def _hang_up(self, number: int) -> None:
        """Save the workspace and end quickly, after the terminal closed or a signal requested the end."""
        if number == signal.SIGHUP:
            threading.Timer(LEAVE_S, os._exit, (128 + number,)).start()
        asyncio.get_running_loop().create_task(self._leave_after_saving(128 + number))

    async def _leave_after_saving(self, code: int) -> None:
        if self.begun:
            with contextlib.suppress(AlleleError):  # the daemon is gone; the workspace saved before remains
                await self.session.put_workspace(self.workspace(), timeout_s=0.1)
        self.exit(code, return_code=code)

    def _poll_terminal(self) -> None:
        if getattr(self._driver, "terminal_gone", False):
            self._hang_up(signal.SIGHUP)

    async def on_event(self, event: events.Event) -> None:
        """Hand keys and pasted text to the visible screen at once.

        Textual would queue them for the screen that was visible when they arrived, although an earlier key that is
        still queued may open or close another one: the text typed into a palette would act on the screen below.
        """
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, BaseScreen | Chooser | TrainForm):
            if isinstance(event, events.Key) and (event.key != "ctrl+q" or isinstance(screen, BaseScreen)):
                screen.on_key(event)
                return
            if isinstance(event, events.Paste):
                screen.on_paste(event)
                return
        await super().on_event(event)

    def on_click(self, event: events.Click) -> None:
        """Run the action of a key that was clicked in the last line or in the panel of keys."""
        action, screen = event.style.meta.get("action"), self.screen
        if action in BY_ID and isinstance(screen, BaseScreen) and not screen.prompt.is_open:
            screen.keys.click(action)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Follow the cursor of a list that the mouse moved. A second click does what Enter does."""
        screen = self.screen
        if isinstance(screen, BaseScreen):
            screen.list_moved(event.rows)
            if event.is_chosen and not screen.prompt.is_open:
                screen.keys.feed("enter")

    # --- workspace ---------------------------------------------------------------------------------------

    def workspace(self) -> str:
        """Return the state to restore at the next start, as JSON."""
        return dump_workspace(self.editor, self.showing, self.job, self.macros.known, generate=self.generating.state())

    def remember(self) -> None:
        """Schedule saving the workspace; a burst of keys causes one request."""
        if self.begun and self._keeping is None:
            self._keeping = self.set_timer(KEEP_S, self._keep_now)

    def _keep_now(self) -> None:
        self._keeping = None
        self.session.spawn(self.session.put_workspace(self.workspace()))

    # --- drawing -----------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send only what the terminal does not show yet."""
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            renderable = DiffUpdate(renderable, self.terminal)
        super()._display(screen, renderable)

    @property
    def tier(self) -> Tier:
        """The colour tier in use: that of the terminal, unless the user chose letters."""
        return min(self.terminal_tier, Tier.ANSI16) if self.editor.letters else self.terminal_tier

    def show_cursor(self, shown: bool) -> None:
        """Show or hide the terminal's own cursor. The screen sets its position."""
        if shown != self._cursor_shown and self._driver is not None and not self.is_headless:
            self._cursor_shown = shown
            self._driver.write("\x1b[?25h" if shown else "\x1b[?25l")

    @property
    def output_queued(self) -> bool:
        """Whether output of the last repaint is still queued."""
        return bool(getattr(self._driver, "output_queued", False))

    def _on_change(self, topic: str, key: str) -> None:
        if topic == "error":
            self.say(key, bad=True)
        if topic == "notice":
            self.say(key)
        if topic == "strands":
            for strand in {pane.strand for pane in self.editor.panes if pane.strand} - set(self.session.strands):
                self.editor.close(strand)
        if self.top_screen is not None and topic == "meter":
            self.top_screen.lines.draw_top()
        elif self.top_screen is not None:
            self.top_screen.on_changed(topic, key)

    # --- services for screens ----------------------------------------------------------------------------

    @property
    def top_screen(self) -> BaseScreen | None:
        """The visible screen if it is one of Allele's, else None."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, BaseScreen):
                return screen
        return None

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line of the visible screen."""
        if self.top_screen is not None:
            self.top_screen.say(text, bad=bad)

    def ask_for_corpus(self, paths: str) -> None:
        """Go to the library and ask for the name of a corpus, after a folder was dropped."""
        self.go("library")
        self._library.corpora.ask_for_name(paths)

    async def generate(self, request: StartGeneration, words: str, buffers: Sequence[Array] = ()) -> None:
        """Start a generation and show the Generate screen, which lists what it makes."""
        self.generating.model = request.model
        self.go("generate")
        await self.generate_screen.maker.start(request, words, buffers)

    def show_history(self, strand: str) -> None:
        """Show the undo list of a strand."""
        self.push_screen(UndoList(strand))

    def show_takes(self, takes: TakeList) -> None:
        """Show a list of takes over the editor."""
        self.push_screen(takes)

    def go(self, name: str) -> None:
        """Show a screen in place of the current one and of screens over it."""
        while self.screen is not self.top_screen or isinstance(self.screen, OverScreen):
            self.pop_screen()
        if self.screen is not self._screens[name]:
            self.showing, self.shown_before = name, self.showing
            self.switch_screen(name)
            self.remember()

    # --- actions -----------------------------------------------------------------------------------------

    def _handlers(self) -> Handlers:
        """Return the handlers of actions for screens that have no handler of their own."""
        macro_keys = MacroKeys(self.macros, lambda text, bad: self.say(text, bad=bad), self._press, self.remember)
        return {
            "app.help": self._show_help,
            "app.command": self._open_command_line,
            "app.palette": self._show_palette,
            "app.redraw": self._redraw,
            "app.theme": self.themes.choose,
            "app.quit": lambda _: self.action_leave(),
            "play.panic": self._silence,
            "go.back": lambda _: self.go(self.shown_before if self.shown_before != self.showing else "editor"),
            **{f"go.{name}": partial(self._go_to, name) for name in SCREENS},
            **macro_keys.handlers(),
        }

    def _press(self, stroke: str) -> bool:
        """Press a key of a macro. Returns False while a palette or a form is open."""
        screen = self.top_screen
        if screen is None or screen is not self.screen:
            return False
        screen.keys.feed(stroke)
        return True

    def _go_to(self, name: str, press: Press) -> None:
        self.go(name)

    def _show_help(self, press: Press) -> None:
        if self.top_screen is not None and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.top_screen.NAME))

    def _open_command_line(self, press: Press) -> None:
        """Open the `:` line on a screen without strands. The editor runs its commands."""
        if self.top_screen is not None:
            self._editor_screen.command_line.ask(self.top_screen.prompt)

    def _show_palette(self, press: Press) -> None:
        screen = self.top_screen
        if screen is not None:
            self.push_screen(PaletteScreen(screen.NAME, screen.situation(), self.keymap), screen.run_chosen)

    def _redraw(self, press: Press) -> None:
        self.terminal.forget()
        self.screen.refresh(layout=True)

    def _silence(self, press: Press) -> None:
        self.editor.before = False
        self.session.spawn(self.sound.stop())
        self.say("silence")

    def action_leave(self) -> None:
        """Quit. Keys typed from now on are left to the shell."""
        if self._driver is not None:
            self._driver.disable_input()
        self.exit(0)

    def follow(self, job: str) -> None:
        """Show a job on the Train screen."""
        self.job = job
        if job not in self.session.trainings:
            self.session.trainings[job] = Training(job)
            self.session.spawn(self.session.follow(job))
        self._on_change("jobs", job)
        self.remember()


def run_app(
    home: Path,
    *,
    open_paths: Sequence[Path | str] = (),
    model: str | None = None,
    start_job: str | None = None,
    demo: DemoPlan | None = None,
    target: DaemonTarget | None = None,
) -> int:
    """Run the TUI on this terminal until the user quits, and return its exit code.

    Args:
        open_paths: sounds, .alle files or ids of open strands: the first two are A and B, the rest are in the list.
        model: the model that encodes sounds; None: that of the other pane, else the newest.
        start_job: a job to follow on the Train screen.
        demo: the first run, see DemoPlan.
        target: the daemon to connect to; None: that of the home.
    """
    tune_textual(remote := bool(os.environ.get("SSH_CONNECTION")))
    app = AlleleApp(home, open_paths=open_paths, model=model, start_job=start_job, demo=demo, target=target)
    app.run(mouse=not remote if app.settings.mouse is None else app.settings.mouse)
    return app.return_code or 0

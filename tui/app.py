"""The TUI's composition root: session, sound, screens, workspace, and leaving in good order.

Data flow: `Session` and `Sound` report changes, the screen on top draws them; everything worth seeing again goes into
the workspace, which the daemon keeps. `_display` routes every update of Textual through `DiffUpdate`.

What can go wrong: the terminal hangs up (SIGHUP, or silently: polled) or the process is told to end: the workspace is
saved and the process leaves within 0.2 s. The daemon goes on in any case.
"""

import asyncio
import contextlib
import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any, cast

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from protocol.errors import AlleleError
from tui.editor.screen import EditorScreen
from tui.first_run import DemoPlan, run_demo
from tui.hands import HandsApp
from tui.model.colours import Tier
from tui.model.editor import Editor
from tui.model.training import Training
from tui.model.workspace import load_workspace, restore
from tui.screens.base import BaseScreen
from tui.screens.codebook import CodebookScreen
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.library import LibraryScreen
from tui.screens.over import OverScreen
from tui.screens.palette import PaletteScreen
from tui.screens.train import TrainScreen
from tui.session.session import Session
from tui.sound import Sound
from tui.widgets.code_grid import tier_of
from tui.widgets.driver import LeanDriver, tune_textual
from tui.widgets.terminal import DiffUpdate, Terminal

LEAVE_S = 0.18
POLL_S = 1.0


class AlleleApp(HandsApp, inherit_bindings=False):
    """The terminal editor."""

    CSS_PATH = "app.tcss"
    TITLE = "Allele"
    ENABLE_COMMAND_PALETTE = False  # ours is made from the registry, without emoji
    BINDINGS = [("ctrl+q", "leave", "Quit")]  # noqa: RUF012

    def __init__(
        self,
        home: Path,
        *,
        open_paths: list[Path] | None = None,
        model: str | None = None,
        start_job: str | None = None,
        demo: DemoPlan | None = None,
    ) -> None:
        super().__init__(home, driver_class=LeanDriver, ansi_color=True)
        self.terminal_tier = tier_of(self.console.color_system, self.no_color)
        self._cursor_shown = False
        self.terminal = Terminal(self.no_color)
        self.session = Session(home, self._on_change)
        self.sound = Sound(self.session, lambda topic: self._on_change(topic, ""), self.say)
        self.editor = Editor()
        self.job = start_job
        self.notice = ""  # what the first run is at
        self.is_remote = bool(os.environ.get("SSH_CONNECTION"))  # bytes are dear
        self._open_paths, self._model, self._demo = open_paths or [], model, demo
        self._screens: dict[str, BaseScreen] = {}

    # --- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show something at once; the daemon is found or started meanwhile."""
        self.animation_level = "none"
        self._screens = {
            screen.NAME: screen
            for screen in (EditorScreen(), LibraryScreen(), TrainScreen(), CodebookScreen(), KeysScreen())
        }
        for name, screen in self._screens.items():
            self.install_screen(screen, name)  # else Textual ends a screen that is left, and its repaints for good
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
        for line in self.own_keys.said[:1]:
            self.call_after_refresh(self.say, line, bad=True)  # on the screen that is being switched to
        self.session.spawn(self.sound.start())
        if self._demo is not None:
            self.session.spawn(run_demo(self, self._demo))
        elif self._open_paths:
            for index, path in enumerate(self._open_paths[:2]):
                self.session.spawn(self.open_in_pane(path, index, self._model))
            self.go("editor")

    async def _restore(self) -> None:
        """Show what was shown before, or the library the first time."""
        state = load_workspace(self.session.workspace)
        living = set(self.session.strands)
        screen = "library"
        if state is not None:
            restore(self.editor, state, living)
            self.macros.known = {**state.macros, **self.macros.known}
            screen = state.screen if state.screen in self._screens else "library"
            self.job = self.job or (state.job if state.job in self.session.jobs else None)
        for pane in self.editor.panes:
            if pane.strand is not None:
                try:
                    await self.session.fetch(pane.strand)
                except AlleleError as error:
                    if error.code == "E_NOT_FOUND":
                        pane.strand = None
                    self.say(str(error))
        if self._demo is None and not self._open_paths:
            self.go("train" if self.job and self.showing == "train" else screen)
        self._on_change("strands", "")

    async def shut(self) -> None:
        """Keep the workspace, end the player, drop the connection."""
        self.session.workspace = self.workspace() if self.begun else ""
        await self.session.close()
        await self.sound.close()

    async def on_unmount(self) -> None:
        await self.shut()

    def _hang_up(self, number: int) -> None:
        """The terminal is gone, or somebody wants the process to end: save, leave, and do not linger."""
        if number == signal.SIGHUP:
            threading.Timer(LEAVE_S, os._exit, (128 + number,)).start()
        asyncio.get_running_loop().create_task(self._leave_after_saving(128 + number))

    async def _leave_after_saving(self, code: int) -> None:
        if self.begun:
            with contextlib.suppress(AlleleError):  # the daemon is away; what was kept a moment ago stays
                await self.session.keep(self.workspace(), timeout_s=0.1)
        self.exit(code, return_code=code)

    def _poll_terminal(self) -> None:
        if getattr(self._driver, "terminal_gone", False):
            self._hang_up(signal.SIGHUP)

    # --- drawing -----------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send only what the terminal does not show yet."""
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            renderable = DiffUpdate(renderable, self.terminal)
        super()._display(screen, renderable)

    @property
    def tier(self) -> Tier:
        """How much colour is shown: what the terminal can, unless letters were asked for."""
        return min(self.terminal_tier, Tier.ANSI16) if self.editor.letters else self.terminal_tier

    def show_cursor(self, shown: bool) -> None:
        """Show or hide the terminal's own cursor; where it is, is the screen's business."""
        if shown != self._cursor_shown and self._driver is not None and not self.is_headless:
            self._cursor_shown = shown
            self._driver.write("\x1b[?25h" if shown else "\x1b[?25l")

    @property
    def output_queued(self) -> bool:
        """Does the terminal still owe us the last picture?"""
        return bool(getattr(self._driver, "output_queued", False))

    def _on_change(self, topic: str, key: str) -> None:
        if topic == "error":
            self.say(key, bad=True)
        if topic == "notice":
            self.say(key)
        if topic == "strands":
            for strand in {pane.strand for pane in self.editor.panes if pane.strand} - set(self.session.strands):
                self.editor.close(strand)
        if self.top_screen is not None:
            self.top_screen.on_changed(topic, key)

    # --- what screens ask for ----------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Show a screen, in place of the one shown and of what is pushed over it."""
        while self.screen is not self.top_screen or isinstance(self.screen, OverScreen):
            self.pop_screen()
        if self.screen is not self._screens[name]:
            self.showing = name
            self.switch_screen(name)
            self.remember()

    def do_app_help(self, count: int | None, register: str | None) -> None:
        if self.top_screen is not None and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.top_screen.NAME))

    def do_app_command(self, count: int | None, register: str | None) -> None:
        """`:` on a screen without strands: the same line, meant for the editor."""
        screen = self.top_screen
        if screen is not None:
            screen.prompt.ask(":", cast("EditorScreen", self._screens["editor"]).command)

    def do_app_palette(self, count: int | None, register: str | None) -> None:
        screen = self.top_screen
        if screen is not None:
            self.push_screen(PaletteScreen(screen.NAME, screen.situation(), self.keymap), screen.run_chosen)

    def do_app_redraw(self, count: int | None, register: str | None) -> None:
        self.terminal.forget()
        self.screen.refresh(layout=True)

    def do_play_panic(self, count: int | None, register: str | None) -> None:
        self.editor.before = False
        self.session.spawn(self.sound.stop())
        self.say("silence")

    def do_app_quit(self, count: int | None, register: str | None) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        """Quit; keys typed while we tidy up are the shell's."""
        if self._driver is not None:
            self._driver.disable_input()
        self.exit(0)

    def follow(self, job: str) -> None:
        """Show this job on the Train screen."""
        self.job = job
        if job not in self.session.trainings:
            self.session.trainings[job] = Training(job)
            self.session.spawn(self.session.follow(job))
        self._on_change("jobs", job)
        self.remember()


def run_app(
    home: Path,
    *,
    open_paths: list[Path] | None = None,
    model: str | None = None,
    start_job: str | None = None,
    demo: DemoPlan | None = None,
) -> int:
    """Run the TUI on this terminal until it is left; its exit code.

    Args:
        open_paths: up to two sounds or .alle files to open as A and B.
        model: what sounds are encoded with; None: that of the other pane, else the newest.
        start_job: a job to follow on the Train screen.
        demo: the first run, see DemoPlan.
    """
    tune_textual(remote := bool(os.environ.get("SSH_CONNECTION")))
    app = AlleleApp(home, open_paths=open_paths, model=model, start_job=start_job, demo=demo)
    app.run(mouse=not remote)
    return app.return_code or 0

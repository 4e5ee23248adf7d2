"""The program in a real terminal: hang-up, kill -9, quit, a slow line, and tmux with real keys."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from protocol.messages.strands import GetWorkspace, Workspace
from protocol.places import places_of
from tui.model.workspace import load_workspace
from tui.transport.client import Client

pytestmark = pytest.mark.usefixtures("clean")

PROGRAM = """
import os
import sys
from pathlib import Path
from typing import Any
from tui.app import run_app
exec(sys.argv[1])
home, *sounds = map(Path, sys.argv[2:])
status = run_app(home, open_paths=sounds)
exec(os.environ.get("THEN", ""))
sys.exit(status)
"""


TOKEN = re.compile(r"\x1b\[(\d*);?(\d*)H|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b\[[0-9;?$<>]*[A-Za-z]|.", re.DOTALL)
UNFINISHED = re.compile(r"\x1b(\[[0-9;?$<>]*|\][^\x07\x1b]*)?\Z")


class Pty:
    """The TUI in a pty that is its controlling terminal."""

    def __init__(
        self, home: Path, *sounds: Path, size: tuple[int, int] = (80, 24), defect: str = "", then: str = "", **env: str
    ) -> None:
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION")}
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            environment = {**kept, "TERM": "xterm-256color", "ALLELE_SOUND": "none", "THEN": then, **env}
            command = [sys.executable, "-c", PROGRAM, defect, str(home), *map(str, sounds)]
            os.execve(sys.executable, command, environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.output = b""
        self._cells: dict[tuple[int, int], str] = {}
        self._at = (0, 0)
        self._fed = 0

    def read(self, seconds: float) -> None:
        """Take what comes."""
        until_s = time.monotonic() + seconds
        while (left := until_s - time.monotonic()) > 0:
            if select.select([self.master], [], [], min(left, 0.05))[0]:
                try:
                    self.output += os.read(self.master, 1 << 16)
                except OSError:
                    return

    @property
    def picture(self) -> str:
        """What the terminal shows, line by line: only differences are sent, so the bytes alone do not say it."""
        text = self.output[self._fed :].decode(errors="ignore")
        complete = max(text.rfind("\x1b"), 0) if UNFINISHED.search(text) else len(text)
        for match in TOKEN.finditer(text[:complete]):
            whole = match[0]
            y, x = self._at
            if match[1] is not None:
                self._at = int(match[1] or 1) - 1, int(match[2] or 1) - 1
            elif whole.endswith("[2J"):
                self._cells.clear()
            elif whole[0] >= " ":
                self._cells[y, x] = whole
                self._at = y, x + 1
        self._fed = len(self.output) - len(text[complete:].encode())
        return "\n".join("".join(self._cells.get((y, x), " ") for x in range(200)).rstrip() for y in range(50))

    def wait_for(self, text: str, patience_s: float = 30.0) -> None:
        """Until a text is on the screen."""
        deadline_s = time.monotonic() + patience_s
        while text not in self.picture:
            assert time.monotonic() < deadline_s, f"{text!r} never came:\n{self.picture.rstrip()}"
            self.read(0.05)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait_end(self, patience_s: float) -> tuple[int, float]:
        """Exit status and the seconds it took."""
        began_s = time.monotonic()
        while time.monotonic() - began_s < patience_s:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status), time.monotonic() - began_s
            self.read(0.005)
        raise AssertionError(f"still there after {patience_s} s")

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        with contextlib.suppress(OSError):
            os.close(self.master)


@pytest.fixture
def in_pty(home: Path) -> Generator[Callable[..., Pty]]:
    started: list[Pty] = []

    def start(*sounds: Path, **more: Any) -> Pty:
        started.append(Pty(home, *sounds, **more))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


async def kept(home: Path) -> Workspace:
    async with Client(places_of(home).endpoint) as client:
        return await client.ask(GetWorkspace())


def cursor_frame(home: Path) -> int:
    state = load_workspace(asyncio.run(kept(home)).state)
    assert state is not None
    return state.panes[0].cursor[1]


def open_editor(in_pty: Callable[..., Pty], sounds: list[Path], **more: Any) -> Pty:
    """The editor on two sounds."""
    terminal = in_pty(*sounds[:2], **more)
    terminal.wait_for("tone 1  ", 60.0)
    terminal.wait_for("tone 0  ")
    return terminal


def test_a_hang_up_saves_the_cursor_and_leaves_at_once(
    in_pty: Callable[..., Pty], sounds: list[Path], home: Path
) -> None:
    terminal = open_editor(in_pty, sounds)
    terminal.type("7l")
    terminal.wait_for("frame 7 ")
    os.kill(terminal.pid, signal.SIGHUP)
    status, seconds = terminal.wait_end(5)
    assert seconds <= 0.5, "0.2 s on a machine that is not busy"
    assert status in (128 + signal.SIGHUP, 1)
    assert cursor_frame(home) == 7


def test_a_terminal_that_is_closed_ends_the_program(in_pty: Callable[..., Pty], sounds: list[Path], home: Path) -> None:
    terminal = open_editor(in_pty, sounds)
    terminal.type("5l")
    terminal.wait_for("frame 5 ")
    os.close(terminal.master)
    began_s = time.monotonic()
    while time.monotonic() - began_s < 10:
        if os.waitpid(terminal.pid, os.WNOHANG)[0]:
            terminal.pid = 0
            break
        time.sleep(0.01)
    assert terminal.pid == 0, "it runs on without a terminal"
    assert cursor_frame(home) == 5


def test_after_kill_9_everything_is_there_again(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    terminal = open_editor(in_pty, sounds)
    terminal.type("9lr3\r")
    terminal.wait_for("1 edit")
    terminal.type("v3l")
    terminal.wait_for("q0 @9:13")
    terminal.read(1.0)
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.wait_end(5)
    again = in_pty()
    again.wait_for("VISUAL")
    again.wait_for("1 edit")
    again.wait_for("q0 @9:13")
    again.wait_for("tone 1")


def test_every_screen_is_drawn_again_each_time_it_is_shown(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    terminal = open_editor(in_pty, sounds)
    frame = 0
    for _ in range(3):
        for keys, text in (("gl", "Library"), ("ge", "untouched"), ("gt", "  Train"), ("ge", "untouched")):
            terminal.type(keys)
            terminal.wait_for(text, 5.0)
            assert ("untouched" in terminal.picture) == (text == "untouched"), terminal.picture
        terminal.type("l")
        frame += 1
        terminal.wait_for(f"frame {frame} ", 5.0)
        terminal.type("?")
        terminal.wait_for("Help for the editor", 5.0)
        terminal.type("q")
        terminal.wait_for(f"frame {frame} ", 5.0)
        terminal.type("l")
        frame += 1
        terminal.wait_for(f"frame {frame} ", 5.0)


def test_bytes_that_are_no_text_do_not_end_the_program(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    terminal = open_editor(in_pty, sounds)
    os.write(terminal.master, b"\xe9")
    terminal.read(0.3)
    os.write(terminal.master, b"\xff\xfe\x80\xc3")
    terminal.read(0.3)
    terminal.type("\x1b")
    terminal.read(0.5)
    os.write(terminal.master, b"\x1b[200~jj\x1bl\x1b[C\x11lll\x1b[201~")  # no key of these, ctrl+q the least
    terminal.read(0.5)
    terminal.type("\x1b")
    terminal.read(0.5)
    terminal.type("7l")
    terminal.wait_for("frame 7 ", 5.0)
    terminal.type(":w é")
    terminal.wait_for(":w é", 5.0)


def test_a_crash_leaves_one_line_a_log_and_a_status(in_pty: Callable[..., Pty], sounds: list[Path], home: Path) -> None:
    for defect, said in (
        (
            "from tui.editor.hearing import Hearing as E\nE.play_mute = lambda *_: 1 // 0",
            "ZeroDivisionError",
        ),
        (
            "from tui.widgets.driver import LeanDriver as D\n"
            "def fall(self):\n import os; os.read(self.fileno, 1); raise KeyError('x')\nD.run_input_thread = fall",
            "the keyboard could not be read",
        ),
    ):
        terminal = open_editor(in_pty, sounds, defect=defect)
        terminal.type("M")
        status, _ = terminal.wait_end(10)
        assert status == 1
        after = terminal.output.rpartition(b"\x1b[?1049l")[2].decode()
        assert f"error: a defect: {said}" in after
        assert "Traceback" not in after
        log = places_of(home).logs / "tui.log"
        assert "Traceback" in log.read_text()
        log.unlink()


def test_quitting_gives_the_terminal_back(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    terminal = open_editor(in_pty, sounds)
    terminal.type(":q\r")
    status, _ = terminal.wait_end(10)
    assert status == 0
    assert b"\x1b[?1049l" in terminal.output, "the alternate screen is left"
    assert b"\x1b[?25h" in terminal.output, "the cursor is shown again"
    assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("keys", ["\x11", ":q\r"])
def test_what_is_typed_after_leaving_is_the_shells(in_pty: Callable[..., Pty], sounds: list[Path], keys: str) -> None:
    terminal = open_editor(in_pty, sounds, then="import sys; print('shell', repr(sys.stdin.readline()))")
    terminal.type(keys)
    for key in "abcdefgh":
        terminal.read(0.25)
        terminal.type(key)
    terminal.type("\r")
    terminal.wait_end(10)
    terminal.read(0.2)
    assert b"shell 'abcdefgh" in terminal.output


def test_no_color_sends_no_colour(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    terminal = open_editor(in_pty, sounds, NO_COLOR="1")
    terminal.type("4lv3l")
    terminal.wait_for("VISUAL")
    assert not re.search(rb"\x1b\[[0-9;]*(38|48);", terminal.output)
    assert not re.search(rb"\x1b\[(3[0-7]|4[0-7]|9[0-7])m", terminal.output)
    assert b"\x1b[7m" in terminal.output, "a selection is still seen"


def test_a_slow_line_is_not_flooded(in_pty: Callable[..., Pty], sounds: list[Path]) -> None:
    """Nothing is read for a second while keys are held: repaints are skipped, not queued."""
    terminal = open_editor(in_pty, sounds, size=(200, 50))
    before = len(terminal.output)
    for _ in range(60):
        terminal.type("l" if _ % 2 else "h")
        time.sleep(0.01)
    terminal.read(1.5)
    assert len(terminal.output) - before < 30_000


@pytest.mark.tmux
def test_a_new_user_in_tmux(home: Path, sounds: list[Path], tmp_path: Path) -> None:
    """Open, move, select, swap, undo, save and quit with real keys in tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    socket = f"allele-{os.getpid()}"

    def tmux(*words: str) -> str:
        command = ["tmux", "-L", socket, "-f", "/dev/null", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout

    def wait_for(text: str) -> None:
        deadline_s = time.monotonic() + 30
        while text not in tmux("capture-pane", "-p", "-t", "t"):
            assert time.monotonic() < deadline_s, tmux("capture-pane", "-p", "-t", "t")
            time.sleep(0.1)

    files = " ".join(f"'{path}'" for path in sounds[:2])
    line = (
        f"ALLELE_SOUND=none TERM=screen-256color {sys.executable} {program} '' {home} {files}; echo left $?; sleep 60"
    )
    tmux("new-session", "-d", "-s", "t", "-x", "80", "-y", "24", "-c", str(Path.cwd()), line)
    try:
        wait_for("tone 1  ")
        wait_for("tone 0  ")
        tmux("send-keys", "-t", "t", "4", "l", "v", "3", "l", "j")
        wait_for("q0-1 @4:8")
        tmux("send-keys", "-t", "t", "s")
        wait_for("1 edit")
        tmux("send-keys", "-t", "t", "Escape")
        time.sleep(0.3)
        tmux("send-keys", "-t", "t", "u")
        wait_for("1 to redo")
        out = tmp_path / "out.wav"
        tmux("send-keys", "-t", "t", "-l", f":w {out}")
        tmux("send-keys", "-t", "t", "Enter")
        wait_for("peak")
        assert out.stat().st_size > 100_000
        tmux("send-keys", "-t", "t", "-l", ":q")
        tmux("send-keys", "-t", "t", "Enter")
        wait_for("left 0")
    finally:
        tmux("kill-server")

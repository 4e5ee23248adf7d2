"""Names as people have them in a real terminal: g o, :open, :w and a bracketed paste, with real keys in tmux."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.tmux]

PROGRAM = """
import sys
from pathlib import Path
from tui.app import run_app
sys.exit(run_app(Path(sys.argv[1]), open_paths=[Path(sys.argv[2])]))
"""


class Tmux:
    """The editor in tmux, in a folder."""

    def __init__(self, home: Path, folder: Path, sound: Path) -> None:
        self._socket = f"allele-names-{os.getpid()}"
        program = folder / "program.py"
        program.write_text(PROGRAM)
        line = f"ALLELE_SOUND=none TERM=screen-256color {sys.executable} {program} {home} {sound}; sleep 60"
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        self("new-session", "-d", "-s", "t", "-x", "120", "-y", "30", "-c", str(folder), line, env=environment)

    def __call__(self, *words: str, env: dict[str, str] | None = None, text: str | None = None) -> str:
        command = ["tmux", "-L", self._socket, "-f", "/dev/null", *words]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=20, env=env)
        return done.stdout

    def wait_for(self, text: str) -> None:
        """Until a text is on the screen, however it is wrapped there."""
        deadline_s = time.monotonic() + 60
        while text not in " ".join((shown := self("capture-pane", "-p", "-t", "t")).split()):
            assert time.monotonic() < deadline_s, shown
            time.sleep(0.1)

    def type(self, text: str, *keys: str) -> None:
        """Characters as they stand, then named keys."""
        self("send-keys", "-t", "t", "-l", text)
        if keys:
            self("send-keys", "-t", "t", *keys)

    def paste(self, text: str) -> None:
        """A bracketed paste, as a terminal does it when a file is dropped."""
        self("load-buffer", "-", text=text)
        self("paste-buffer", "-p", "-t", "t")


@pytest.fixture
def folder(tmp_path: Path, sounds: list[Path]) -> Path:
    for name in ("Bob's pack/don't stop.wav", "start.wav", "two (2) 100%.wav", "it's mine.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(sounds[0], path)
    return tmp_path


@pytest.fixture
def tmux(home: Path, folder: Path) -> Generator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    terminal = Tmux(home, folder, folder / "start.wav")
    try:
        terminal.wait_for("A start ")
        yield terminal
    finally:
        terminal("kill-server")


def test_odd_names_are_opened_pasted_and_written(tmux: Tmux, folder: Path) -> None:
    tmux.type("go")
    tmux.wait_for("open as A")
    tmux.type("Bob's pack/do", "Tab")
    tmux.wait_for("Bob's pack/don't stop.wav")
    tmux.type("", "Enter")
    tmux.wait_for("don't stop.wav is strand A")
    tmux.type(":open it's mine.wav", "Enter")
    tmux.wait_for("it's mine.wav is strand A")
    tmux.type(":w Bob's pack/can't stop.alle", "Enter")
    tmux.wait_for("can't stop.alle")
    tmux.wait_for("bytes")
    assert (folder / "Bob's pack" / "can't stop.alle").is_file()
    tmux.type(":w it's mine.wav", "Enter")
    tmux.wait_for("the recording that it's mine was made of")
    tmux.type("", "Escape")
    tmux.paste(str(folder / "two (2) 100%.wav"))
    tmux.wait_for("two (2) 100%.wav is strand A")
    tmux.type(":open ")
    tmux.paste(str(folder / "Bob's pack" / "can't stop.alle"))
    tmux.wait_for("can't stop.alle")
    tmux.type("", "Enter")
    tmux.wait_for("can't stop.alle is strand A")

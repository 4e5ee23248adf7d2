"""Real programs, real sockets: one home with a small corpus and a toy model, made once and shared by the session.

Tests that stop, kill or start a daemon take `fresh_home` instead, which is theirs alone.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
TOY = ("--preset", "toy", "--levels", "3", "--codebook", "32", "--steps", "40")


@dataclass(frozen=True)
class Ran:
    """How one command went."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one JSON object."""
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """Its one line of failure."""
        assert self.status == 1, (self.status, self.out, self.err)
        assert self.out == ""
        lines = self.err.splitlines()
        assert lines[-1].startswith("error: "), self.err
        assert "Traceback" not in self.err
        assert "defect" not in self.err
        return lines[-1]


class Forks:
    """The process that forks commands (preforked.py), which ends with this one."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", str(Path(__file__).with_name("preforked.py")), str(theirs.fileno())]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": None}
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, **quiet)
        theirs.close()

    def run(self, words: list[str], folder: Path, environment: dict[str, str], timeout_s: float) -> Ran | None:
        """Run a command to its end; None if it took longer than `timeout_s` and was killed."""
        report, theirs = os.pipe()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as nothing:
            request = json.dumps({"words": words, "cwd": str(folder), "env": environment})
            fds = [nothing.fileno(), out.fileno(), err.fileno(), theirs]
            socket.send_fds(self._ours, [request.encode()], fds)
            os.close(theirs)
            with os.fdopen(report) as lines:
                child = int(lines.readline())
                is_late = not select.select([report], [], [], timeout_s)[0]
                if is_late:
                    os.kill(child, signal.SIGKILL)
                status = int(lines.readline())
            texts = [_read(stream) for stream in (out, err)]
        return None if is_late else Ran(status, *texts)

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._process.wait(10)


def _read(stream: Any) -> str:
    stream.seek(0)
    return stream.read().decode()


class Allele:
    """The `allele` command in one home and one folder."""

    _forks: ClassVar[Forks | None] = None

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self._started: list[subprocess.Popen[str]] = []

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-P", "-m", "tui", *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        # One thread for each worker: several of them share two cores here.
        return {**os.environ, "ALLELE_HOME": str(self.home), "TERM": "dumb", "OMP_NUM_THREADS": "1"}

    def start(self, *words: object, **settings: Any) -> "subprocess.Popen[str]":
        """Run a command without waiting for it."""
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        settings = {"cwd": self.folder, "env": self.environment, "text": True} | streams | settings
        # A shell ignores Ctrl-C for what it starts in the background, and so would everything started here.
        settings |= {"preexec_fn": partial(signal.signal, signal.SIGINT, signal.SIG_DFL)}
        self._started.append(subprocess.Popen(self.command(*words), **settings))
        return self._started[-1]

    def __call__(self, *words: object, timeout_s: float = 60.0) -> Ran:
        """Run a command to its end, in a process that was forked from one that has imported it."""
        if Allele._forks is None:
            Allele._forks = Forks()
        ran = Allele._forks.run([str(word) for word in words], self.folder, self.environment, timeout_s)
        if ran is None:
            pytest.fail(f"{' '.join(map(str, words))} took more than {timeout_s} s")
        return ran

    def within(self, folder: Path) -> "Allele":
        """The same home from another folder."""
        return Allele(self.home, folder)

    def daemon_pids(self) -> set[int]:
        """Daemons of this home that are alive."""
        found: set[int] = set()
        for process in psutil.process_iter(["pid", "cmdline"]):
            words = process.info["cmdline"] or []
            if "daemon" in words and str(self.home) in words:
                found.add(process.info["pid"])
        return found

    def forget(self) -> None:
        """End the commands of a test that failed before it had waited for them."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def kill(self) -> None:
        """End whatever of this home still runs."""
        self.forget()
        for pid in self.daemon_pids():
            os.kill(pid, signal.SIGKILL)


def tone(seconds: float, hz: float, *, rate: int = 48_000, level: float = 0.3, seed: int = 0) -> "np.ndarray[Any, Any]":
    """A plucked tone with overtones and some noise: (L,) float32."""
    time_s = np.arange(int(seconds * rate)) / rate
    sound = sum(np.sin(2 * np.pi * hz * n * time_s) / n**1.5 for n in range(1, 6))
    decay = np.exp(-2.0 * (time_s % 0.5))
    noise = np.random.default_rng(seed).normal(0, 0.02, time_s.size)
    return (level * (sound * decay / 1.5 + noise)).astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six small files: three formats, two rates, mono and stereo."""
    folder = tmp_path_factory.mktemp("recordings")
    for index, hz in enumerate((110.0, 165.0, 220.0, 330.0)):
        soundfile.write(folder / f"tone{index}.wav", tone(2.0, hz, seed=index), 48_000, subtype="PCM_16")
    both = np.stack([tone(1.5, 131.0, seed=8), tone(1.5, 196.0, seed=9)], axis=1)
    soundfile.write(folder / "wide.flac", both, 48_000)
    soundfile.write(folder / "low.ogg", tone(1.7, 147.0, rate=44_100, seed=7), 44_100)
    return folder


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Iterator[Path]:
    """A home with the corpus `tones` and the model `toy`; its daemon is stopped at the end."""
    home = tmp_path_factory.mktemp("home")
    allele = Allele(home, tmp_path_factory.mktemp("shared"))
    try:
        added = allele("corpus", "add", "tones", recordings, "--json")
        assert added.json["files"] == 6, added.err
        trained = allele("train", "tones", "--name", "toy", *TOY, "--json", timeout_s=120)
        assert trained.status == 0, trained.err
        (home / "trained.json").write_text(trained.out)
        yield home
        assert allele("daemon", "stop").status == 0
        assert not allele.daemon_pids()
    finally:
        allele.kill()


@pytest.fixture
def allele(shared_home: Path, tmp_path: Path) -> Iterator[Allele]:
    """The command in the shared home, from an empty folder."""
    allele = Allele(shared_home, tmp_path)
    yield allele
    allele.forget()


@pytest.fixture(scope="module")
def shared(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Allele]:
    """The command in the shared home, for what several tests of a module look at."""
    allele = Allele(shared_home, tmp_path_factory.mktemp("shared"))
    yield allele
    allele.forget()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Allele]:
    """The command in a home of its own, where no daemon has run."""
    folder = tmp_path / "folder"
    folder.mkdir()
    allele = Allele(tmp_path / "home", folder)
    yield allele
    if allele.daemon_pids():
        allele("daemon", "stop")
    allele.kill()


@pytest.fixture(scope="session", autouse=True)
def _forks() -> Iterator[None]:
    """End the process that forks commands after the last test."""
    yield
    if Allele._forks is not None:
        Allele._forks.close()


@pytest.fixture(scope="session")
def make_tone() -> Callable[..., Any]:
    """`tone` for test modules."""
    return tone


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Wait for a condition, or fail naming it."""

    def wait(condition: Callable[[], object], what: str, timeout_s: float = 20.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline_s, f"{what} did not happen in {timeout_s} s"
            time.sleep(0.05)

    return wait


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("e2e")

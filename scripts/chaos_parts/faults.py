"""Faults of scripts/chaos.py: signals, a run folder that vanishes, and many starts by several names.

A home has three names here: its real path, a symbolic link to it, and a relative path under another TMPDIR. There must
be one daemon whichever name is used.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from chaos_parts.editor import EditorInTerminal
from chaos_parts.requests import LostError
from daemon.jobs.job_process import MODULES
from protocol.homelock import holder
from protocol.places import places_of

STARTS = 20
START_S = 60.0
VICTIMS = ("broker", "engine", "trainer", "editor", "editor and broker", "hang-up", "run folder", "cold starts")
WORKERS = {"engine": "daemon.workers.engine", "trainer": MODULES["train"]}
APPEARS_S = 5.0
"""Seconds to wait for a worker that is absent, because it is restarting or between two trainings."""
SPARES_BROKER = ("engine", "trainer", "editor", "hang-up", "run folder")
START = """
import sys
from pathlib import Path

from tui.transport.embedded import ensure_daemon

print(ensure_daemon(Path(sys.argv[1]), 50.0).folder)
"""


class Names:
    """Three names of one home, each with the folder and the environment in which it is used."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.link = home.with_name(home.name + "-link")
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(home)
        self.elsewhere = home.with_name(home.name + "-tmp")
        self.elsewhere.mkdir(exist_ok=True)

    def start(self, number: int) -> "subprocess.Popen[str]":
        """A client that finds or starts the daemon by one of the names."""
        name, folder, more = [
            (str(self.home), None, {}),
            (str(self.link), None, {}),
            (self.home.name, self.home.parent, {"TMPDIR": str(self.elsewhere)}),
        ][number % 3]
        command = [sys.executable, "-c", START, name]
        return subprocess.Popen(command, cwd=folder, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True)

    def start_many(self, count: int) -> None:
        """Start `count` clients at once, by all names; each must reach the daemon at the same sockets.

        Raises:
            LostError: one of them reached no daemon, or another one.
        """
        started = [self.start(number) for number in range(count)]
        ended = [(process.communicate(timeout=START_S)[0].strip(), process.returncode) for process in started]
        if {*ended} != {(str(places_of(self.home).run), 0)}:
            raise LostError(f"starts by several names ended as {ended}")

    def remove(self) -> None:
        """Remove the link and the folder beside the home."""
        self.link.unlink(missing_ok=True)
        shutil.rmtree(self.elsewhere, ignore_errors=True)


def daemons_of(home: Path) -> set[int]:
    """Processes that are daemons of a home, by any of its names."""
    found: set[int] = set()
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "daemon" in words and "--home" in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            named = Path(words[words.index("--home") + 1])
            if named.is_absolute() and os.path.realpath(named) == os.path.realpath(home):
                found.add(process.info["pid"])
    return found


def check_one_daemon(home: Path, pid: int, expected: int) -> None:
    """Check that the daemon that answers is the expected and only one, and that it holds the home's lock.

    Raises:
        LostError: any of this does not hold.
    """
    if pid != expected:
        raise LostError(f"the daemon {expected} was replaced by {pid}")
    running, locked_by = daemons_of(home), holder(places_of(home))
    if running != {pid} or locked_by != pid:
        raise LostError(f"process {pid} answers, processes {sorted(running)} are daemons, {locked_by} holds the home")


def strike(victim: str, broker: int, editor: EditorInTerminal, names: Names) -> bool:
    """Cause one fault of VICTIMS; returns False if there is no such process."""
    if victim == "run folder":
        shutil.rmtree(places_of(names.home).run, ignore_errors=True)
        names.start_many(3)
        return True
    if victim == "cold starts":
        os.kill(broker, signal.SIGKILL)
        names.start_many(STARTS)
        return True
    if victim == "hang-up":
        editor.end(signal.SIGHUP)
        return True
    if victim in ("editor", "editor and broker"):
        editor.end(signal.SIGKILL)
    if victim in ("broker", "editor and broker"):
        os.kill(broker, signal.SIGKILL)
        return True
    if victim in WORKERS:
        return _kill_worker(broker, WORKERS[victim])
    return True


def _kill_worker(broker: int, module: str) -> bool:
    until_s = time.monotonic() + APPEARS_S
    while time.monotonic() < until_s:
        for child in psutil.Process(broker).children(recursive=True):
            try:
                if any(module in word for word in child.cmdline()):
                    child.kill()
                    return True
            except psutil.Error:
                continue
        time.sleep(0.05)
    return False


def check_all_were_struck(chosen: dict[str, int], struck: dict[str, int]) -> None:
    """Check that every fault that was chosen repeatedly has happened; otherwise its process has another name by now.

    Raises:
        LostError: a fault never happened; the error names it.
    """
    for victim, count in chosen.items():
        if count >= 3 and not struck.get(victim):
            raise LostError(f"{victim}: chosen {count} times, never found")

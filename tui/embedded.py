"""Find the daemon of a home folder, or start one: nothing is configured by hand.

ZeroMQ's connect never says that nobody is there, so a raw unix connect probes first. Whoever wants to start a
daemon takes `start.lock`, probes again, spawns `python -m daemon` detached with the write end of a ready-pipe, and
waits for one line on it. Twenty simultaneous cold starts therefore yield one daemon; a second one would be turned
away by `daemon.lock` anyway, which a daemon takes before it binds (a second bind on an ipc path steals it silently).
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Generator
from pathlib import Path

from protocol import children
from protocol.errors import AlleleError
from protocol.places import Places, places_of
from tui.installation import require_daemon

LOG_TAIL_BYTES = 2000


def is_running(places: Places) -> bool:
    """Does anybody accept on the ctl socket?"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(places.socket("ctl")))
        except OSError:
            return False
        return True


def ensure_daemon(home: Path, timeout_s: float = 10.0) -> Places:
    """The places of a running daemon, started if there is none.

    Raises:
        AlleleError: E_IO when the home cannot be used, E_UNAVAILABLE when the daemon does not come up.
    """
    places = places_of(home)
    if is_running(places):
        return places
    _make_folders(places)
    deadline_s = time.monotonic() + timeout_s
    with _start_lock(places, deadline_s):
        if not is_running(places):
            _start(places, deadline_s)
    return places


def _make_folders(places: Places) -> None:
    """The home, and a run folder that nobody else can enter: a connection is as good as a shell."""
    try:
        places.home.mkdir(parents=True, exist_ok=True)
        places.logs.mkdir(exist_ok=True)
        places.run.mkdir(mode=0o700, exist_ok=True)
        status = places.run.lstat()
    except OSError as problem:
        raise AlleleError(
            "E_IO", f"{places.home}: {problem.strerror}", hint="choose a folder you can write with --home DIR"
        ) from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise AlleleError("E_IO", f"{places.run} belongs to somebody else", hint="remove it or use --home DIR")
    if status.st_mode & 0o077:
        places.run.chmod(0o700)


@contextlib.contextmanager
def _start_lock(places: Places, deadline_s: float) -> Generator[None]:
    handle = os.open(places.start_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        wait_s = 0.01
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise AlleleError(
                        "E_UNAVAILABLE", "another program has been starting the daemon for too long"
                    ) from None
                time.sleep(wait_s)
                wait_s = min(wait_s * 2, 0.2)
        yield
    finally:
        os.close(handle)


def _start(places: Places, deadline_s: float) -> None:
    require_daemon()
    ready, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    log = str(places.logs / "daemon.out")
    command = children.command("daemon", "--home", str(places.home), "--ready-fd", str(write_end))
    try:
        pid = os.posix_spawn(
            sys.executable,
            command,
            children.environment(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGHUP, signal.SIGPIPE],
        )
    except OSError as problem:
        os.close(ready)
        raise AlleleError("E_UNAVAILABLE", f"the daemon cannot be started: {problem}") from None
    finally:
        os.close(write_end)
    try:
        line = _read_line(ready, deadline_s)
    finally:
        os.close(ready)
    if line.startswith("ready"):
        return
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    said = line.removeprefix("error:").strip() or _log_tail(Path(log)) or "it did not say why"
    raise AlleleError("E_UNAVAILABLE", f"the daemon did not start: {said}", hint=f"see {places.logs}")


def _read_line(handle: int, deadline_s: float) -> str:
    """What the daemon writes on its ready-pipe, up to a newline, its death or the deadline."""
    data = b""
    while not data.endswith(b"\n"):
        readable, _, _ = select.select([handle], [], [], max(0.0, deadline_s - time.monotonic()))
        if not readable:
            return data.decode(errors="replace") or "error: it took too long"
        more = os.read(handle, 4096)
        if not more:
            break
        data += more
    return data.decode(errors="replace").strip()


def _log_tail(log: Path) -> str:
    """The last line the daemon printed, for one that died before it could speak on the pipe."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""

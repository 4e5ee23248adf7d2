"""Finds the daemon of a home folder, or starts one. No configuration is needed.

ZeroMQ's connect does not report a missing peer, so a raw unix connect probes first. To start a daemon, a client takes
`start.lock`, probes again, spawns `python -m daemon` detached with the write end of a ready-pipe, and waits for one
line on it. So simultaneous cold starts spawn only one daemon.

What can go wrong: a daemon runs, but its sockets were removed. The home's lock (`protocol.homelock`) shows that it
runs, so no second daemon is started. The daemon binds its sockets again within a second, and the client waits for it.
"""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

from protocol import children
from protocol.endpoint import Endpoint
from protocol.errors import AlleleError
from protocol.homelock import EXIT_LOCKED, holder, is_held, lock_file
from protocol.places import NAME_A_HOME, Places, places_of
from tui.installation import require_daemon

Say = Callable[[str], object]

QUIET_S = 0.5  # a daemon that is just starting answers within this time; only longer waits are reported
PAUSE_S = 0.02
LOG_TAIL_BYTES = 2000


def ensure_daemon(home: Path, timeout_s: float = 10.0, say: Say | None = None) -> Endpoint:
    """Return the endpoint of a running daemon, and start one if none runs.

    Args:
        say: called with one line when a running daemon does not answer yet.

    Raises:
        AlleleError: E_IO when the home cannot be used, E_UNAVAILABLE when the daemon does not start.
    """
    places = places_of(home)
    if places.endpoint.answers():
        return places.endpoint
    _make_folders(places)
    deadline_s = time.monotonic() + timeout_s
    with _start_lock(places, deadline_s):
        while not wait_for_holder(places, deadline_s, say):
            _start(places, deadline_s)
    return places.endpoint


def wait_for_holder(places: Places, deadline_s: float, say: Say | None = None) -> bool:
    """Wait until the daemon that locked the home answers. Returns False when the home is not locked.

    Raises:
        AlleleError: E_UNAVAILABLE when it does not answer in time.
    """
    quiet_s = time.monotonic() + QUIET_S
    while not places.endpoint.answers():
        if not is_held(places):
            return places.endpoint.answers()
        now_s = time.monotonic()
        if now_s > deadline_s:
            raise _does_not_answer(places)
        if say is not None and now_s > quiet_s:
            say(f"{_named_holder(places)} is not reachable at {places.run} just now; waiting for it")
            say = None
        time.sleep(PAUSE_S)
    return True


def _named_holder(places: Places) -> str:
    pid = holder(places)
    return f"the daemon of {places.home}" + (f" (process {pid})" if pid else "")


def _does_not_answer(places: Places) -> AlleleError:
    pid = holder(places)
    fix = f"kill {pid}; nothing that it acknowledged is lost" if pid else "end it; nothing that it acknowledged is lost"
    return AlleleError("E_UNAVAILABLE", f"{_named_holder(places)} runs, but does not answer at {places.run}", hint=fix)


def _make_folders(places: Places) -> None:
    """Create the home and its log folder. The daemon creates the run folder."""
    try:
        places.home.mkdir(parents=True, exist_ok=True)
        places.logs.mkdir(exist_ok=True)
    except OSError as problem:
        where = problem.filename or places.home
        raise AlleleError("E_IO", f"{where}: {problem.strerror}", hint=NAME_A_HOME) from None


@contextlib.contextmanager
def _start_lock(places: Places, deadline_s: float) -> Generator[None]:
    wait_s = 0.01
    try:
        while (handle := lock_file(places.start_lock)) < 0:
            if time.monotonic() > deadline_s:
                raise AlleleError("E_UNAVAILABLE", "another program has been starting the daemon for too long")
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, 0.2)
    except OSError as problem:
        raise AlleleError("E_IO", f"{places.start_lock}: {problem.strerror}", hint=NAME_A_HOME) from None
    try:
        yield
    finally:
        os.close(handle)


def _start(places: Places, deadline_s: float) -> None:
    """Spawn a daemon and wait until it is ready, or until it ends because another daemon was faster."""
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
    if _exit_status(pid, deadline_s) == EXIT_LOCKED:
        return  # another daemon was faster; the caller waits for it
    reason = line.removeprefix("error:").strip() or _log_tail(Path(log)) or "it did not say why"
    raise AlleleError("E_UNAVAILABLE", f"the daemon did not start: {reason}", hint=f"see {places.logs}")


def _exit_status(pid: int, deadline_s: float) -> int | None:
    """Return the exit status of the started daemon, or None while it runs."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline_s:
                return None
            time.sleep(PAUSE_S)
    return None


def _read_line(handle: int, deadline_s: float) -> str:
    """Read what the daemon writes on its ready-pipe, up to a newline, its death or the deadline."""
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
    """Return the last line of the log, for a daemon that died before it wrote to the pipe."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""

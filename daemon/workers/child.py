"""The child's side of the wall: what every worker process does before its own work.

Data flow: file descriptor (a socket) → reader thread → queue of parcels → the worker's main thread; answers go back
under a lock. What can go wrong: the broker dies. Linux kills the child with it (PDEATHSIG); everywhere, the reader
thread sees the end of the pipe and leaves the process at once, whatever the main thread computes.
"""

import ctypes
import os
import queue
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from daemon.supervision.pipe import Parcel, PipeError, pack_parcel, read_parcel_blocking
from protocol.arrays import Array

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
EXIT_ORPHANED = 70


def die_with_parent(parent_pid: int) -> None:
    """Ask Linux to kill this process when the broker dies; elsewhere the pipe's end does it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the line above
        os._exit(EXIT_ORPHANED)


def forbid_core_dumps() -> None:
    """A crash says its signal; gigabytes of core would fill the disk."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def give_way(nice: int) -> None:
    """Let everything else on the machine go first.

    With Linux's autogroups, a nice value counts only among processes of one session, and every worker is a session
    of its own: the group is made nice too.
    """
    os.nice(nice)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def cap_memory(most_bytes: int) -> None:
    """Cap this process's own data: a file that decodes to more than the machine holds ends this process only."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


class Wire:
    """The child's end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._stream = cast(BinaryIO, self._socket.makefile("rb", buffering=1 << 16))
        self._lock = threading.Lock()
        self.inbox: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
        self.cancelled = threading.Event()
        self.kept = threading.Event()  # end now, but with a result
        threading.Thread(target=self._read, name="pipe", daemon=True).start()

    def send(self, fields: dict[str, Any], buffers: Sequence[Array] = ()) -> None:
        """Send one parcel; a broker that is gone ends the process."""
        try:
            with self._lock:
                for piece in pack_parcel(fields, buffers):
                    self._socket.sendall(piece)
        except OSError:
            os._exit(EXIT_ORPHANED)

    def _read(self) -> None:
        while True:
            try:
                parcel = read_parcel_blocking(self._stream)
            except PipeError:
                os._exit(EXIT_ORPHANED)
            op = parcel.fields.get("op")
            if op == "cancel":
                self.cancelled.set()
            elif op == "keep":
                self.kept.set()
            else:
                self.inbox.put(parcel)


def run_job(
    argv: Sequence[str], nice: int, spec_type: type[T], work: Callable[[Wire, T, Path], dict[str, Any]]
) -> None:
    """The whole of a job's process: do what is asked once, say how it ended, and leave at once.

    The job is over for the broker when the process is. Everything it made is on the disk by then, and taking torch's
    modules apart would be waited for in vain.

    Args:
        argv: a worker's command line.
        nice: how much else goes before it.
        spec_type: what this kind of job is told to do.
        work: does it, given the spec and the path of the job's own log; gives the fields of the "ended" parcel.
    """
    wire = open_wire(argv)
    forbid_core_dumps()
    give_way(nice)
    import msgspec

    from daemon.workers.failures import describe_failure  # imports much, so after the parent is watched

    asked = wire.inbox.get().fields
    try:
        result = work(wire, msgspec.convert(asked["spec"], spec_type), Path(asked["log"]))
    except Exception as problem:  # noqa: BLE001 - the broker is told why
        wire.send({"type": "failed", "failure": msgspec.to_builtins(describe_failure(problem))})
    else:
        wire.send({"type": "ended", **result})
    for stream in (sys.stdout, sys.stderr):  # the log of its kind of job
        stream.flush()
    os._exit(0)


def keep_log(wire: Wire, log: Path) -> Callable[[str], None]:
    """Begin a job's own log; what is said from then on is appended to it, one line of JSON each, and goes up the pipe.

    Raises:
        OSError: the log cannot be written.
    """
    import msgspec

    from daemon.runs.reports import LogLine

    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")  # a job of that number from before the catalogue was lost

    def say(text: str) -> None:
        line = msgspec.json.encode(LogLine(text=text))
        with log.open("ab") as file:
            file.write(line + b"\n")
        wire.send({"type": "report", "report": line})

    return say


def open_wire(argv: Sequence[str]) -> Wire:
    """The wire named on a worker's command line: DESCRIPTOR PARENT_PID."""
    descriptor, parent_pid = int(argv[0]), int(argv[1])
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent_pid)
    return Wire(descriptor)

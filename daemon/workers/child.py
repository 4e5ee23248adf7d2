"""The child's side of the connection to the broker, and the set-up that all worker processes have in common.

Data flow: file descriptor (a socket) → reader thread → queue of parcels → the worker's main thread. Replies are sent
under a lock. What can go wrong: the broker dies. Linux then kills the child (PDEATHSIG). On every system the reader
thread detects the end of the pipe and exits the process at once, even while the main thread computes.
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
    """Let Linux kill this process when the broker dies. On other systems the end of the pipe ends it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # the broker died before the line above
        os._exit(EXIT_ORPHANED)


def forbid_core_dumps() -> None:
    """Disable core dumps, which could fill the disk. The signal of a crash is reported without them."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def lower_priority(nice: int) -> None:
    """Lower the priority of this process below that of other programs.

    With Linux's autogroups, a nice value applies only among processes of one session, and every worker has its own
    session. Therefore the nice value of the autogroup is set too.
    """
    os.nice(nice)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def cap_memory(most_bytes: int) -> None:
    """Limit the memory of this process, so that a file that decodes to too much data ends only this process."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


class Wire:
    """The child's end of the pipe to the broker."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._stream = cast(BinaryIO, self._socket.makefile("rb", buffering=1 << 16))
        self._lock = threading.Lock()
        self.inbox: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
        self.cancelled = threading.Event()
        self.kept = threading.Event()  # set when the job must end now with a result
        threading.Thread(target=self._read, name="pipe", daemon=True).start()

    def send(self, fields: dict[str, Any], buffers: Sequence[Array] = ()) -> None:
        """Send one parcel to the broker. If the broker is gone, the process exits."""
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
                self.cancelled.clear()  # it was for the request before, which is answered
                self.inbox.put(parcel)


def run_job(
    argv: Sequence[str],
    nice: int,
    spec_type: type[T],
    work: Callable[[Wire, T, Path], dict[str, Any]],
    *,
    stays: bool = False,
) -> None:
    """Run the whole process of a job: receive its specification, do its work, report how it ended, and exit.

    The broker considers the job ended when the process has ended. All results are on disk by then, so the process exits
    without the slow cleanup of torch's modules. A process that stays waits for the next job instead, as long as its
    jobs end in good order.

    Args:
        argv: a worker's command line.
        nice: the nice value of the process.
        spec_type: the type of the specification of this kind of job.
        work: does the job. It receives the specification and the path of the job's log, and returns the fields of the
            "ended" parcel.
        stays: whether the process waits for further jobs.
    """
    wire = open_wire(argv)
    forbid_core_dumps()
    lower_priority(nice)
    import msgspec

    from daemon.workers.failures import describe_failure  # a slow import, so only after the parent is watched

    goes_on = True
    while goes_on:
        start = wire.inbox.get().fields
        goes_on = False
        try:
            result = work(wire, msgspec.convert(start["spec"], spec_type), Path(start["log"]))
        except Exception as problem:  # noqa: BLE001 - the broker receives the error
            wire.send({"type": "failed", "failure": msgspec.to_builtins(describe_failure(problem))})
        else:
            goes_on = stays and result["state"] == "finished" and not wire.cancelled.is_set()
            wire.send({"type": "ended", **result, "stays": goes_on})
    for stream in (sys.stdout, sys.stderr):  # both go to the log of this kind of job
        stream.flush()
    os._exit(0)


def keep_log(wire: Wire, log: Path) -> Callable[[str], None]:
    """Start a job's log. Returns a function that adds a text to it, as a line of JSON, and sends it to the broker.

    Raises:
        OSError: the log cannot be written.
    """
    import msgspec

    from daemon.runs.reports import LogLine

    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")  # removes the log of a job of the same number from before the catalogue was lost

    def say(text: str) -> None:
        line = msgspec.json.encode(LogLine(text=text))
        with log.open("ab") as file:
            file.write(line + b"\n")
        wire.send({"type": "report", "report": line})

    return say


def open_wire(argv: Sequence[str]) -> Wire:
    """Open the pipe that a worker's command line names: DESCRIPTOR PARENT_PID."""
    descriptor, parent_pid = int(argv[0]), int(argv[1])
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent_pid)
    return Wire(descriptor)

"""The broker's side of one child process: it starts the child, exchanges messages, and describes how it ended.

Boundary: it uses `subprocess` and a socket pair, because multiprocessing's start methods copy the parent's state and
fail if stderr is closed. The child's output goes to a log file; its last line is used to explain a crash.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.supervision.exits import MemoryKills, describe_end
from daemon.supervision.pipe import Parcel, PipeError, pack_parcel, read_parcel
from protocol import children
from protocol.arrays import Array
from protocol.logs import is_start_mark, start_mark

LOG_BYTES = 1 << 20
STREAM_LIMIT = 1 << 20
# Without this, torch's OpenMP threads wait for each other by spinning, and a step on busy cores takes ten times as long
# (docs/adr/0003-codec.md). It is read when torch is loaded, so it must be in the child's environment from the start.
CHILD_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}


class Child:
    """A running worker. Call `read` for its messages until it raises PipeError, then `ended` for how it ended."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        log: Path,
    ) -> None:
        self._process, self._reader, self._writer, self._log = process, reader, writer, log
        self._kills = MemoryKills()

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the child has not ended."""
        return self._process.returncode is None

    async def read(self) -> Parcel:
        """Read the next message of the child.

        Raises:
            PipeError: the child has closed its end, because it has ended or is ending.
        """
        return await read_parcel(self._reader)

    async def send(self, fields: dict[str, Any], buffers: Sequence[Array] = ()) -> None:
        """Send one message to the child.

        Raises:
            PipeError: the child no longer reads.
        """
        try:
            self._writer.writelines(pack_parcel(fields, buffers))
            await self._writer.drain()
        except (OSError, RuntimeError) as problem:
            raise PipeError(str(problem)) from None

    def kill(self) -> None:
        """Send SIGKILL to the child if it is still running."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self, grace_s: float = 1.0) -> str:
        """Wait for the child's end, killing it after a grace period. Returns a description of how it ended."""
        try:
            code = await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self.kill()
            code = await self._process.wait()
        self.hang_up()
        return describe_end(code, last_line(self._log), self._kills)

    def hang_up(self) -> None:
        """Close this end of the pipe, which makes a running child exit at once."""
        self._writer.close()


async def spawn(module: str, log: Path, arguments: Sequence[str] = ()) -> Child:
    """Start `python -m module DESCRIPTOR PARENT_PID …`, connected by a socket pair.

    Raises:
        OSError: the system cannot create a process or a descriptor.
    """
    ours, theirs = socket.socketpair()
    process: asyncio.subprocess.Process | None = None
    try:
        _shorten(log)
        with log.open("ab") as errors:
            errors.write(f"{start_mark(datetime.now().astimezone())}\n".encode())
            errors.flush()
            process = await asyncio.create_subprocess_exec(
                *children.command(module, str(theirs.fileno()), str(os.getpid()), *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(theirs.fileno(),),
                env={**CHILD_ENVIRONMENT, **children.environment()},
                start_new_session=True,  # only the broker handles Ctrl-C in the terminal of a daemon in the foreground
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=STREAM_LIMIT)
    except BaseException:
        ours.close()
        if process is not None:
            process.kill()
            await process.wait()
        raise
    finally:
        theirs.close()
    return Child(process, reader, writer, log)


def last_line(log: Path) -> str:
    """The last line that the newest child wrote to the log, at most 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines and not is_start_mark(lines[-1]) else ""


def _shorten(log: Path) -> None:
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))

"""The broker's side of one child process: start it, talk to it, learn how it ended.

Boundary: `subprocess` with a socket pair (multiprocessing's start methods bring the parent's state along and fail
where stderr is closed). The child's own words go to a log file, whose last line explains a death.
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
# torch's OpenMP threads otherwise wait for each other by spinning: on busy cores a step then takes ten times as long
# (docs/adr/0003-codec.md). It is read when torch is loaded, so the child must be born with it.
CHILD_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}


class Child:
    """A running worker. `read` gives its parcels until PipeError; then `ended` says how it went."""

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
        """The child's process id."""
        return self._process.pid

    async def read(self) -> Parcel:
        """The next parcel.

        Raises:
            PipeError: the child closed its end: it is dead or dying.
        """
        return await read_parcel(self._reader)

    async def send(self, fields: dict[str, Any], buffers: Sequence[Array] = ()) -> None:
        """Send one parcel.

        Raises:
            PipeError: nobody reads any more.
        """
        try:
            self._writer.writelines(pack_parcel(fields, buffers))
            await self._writer.drain()
        except (OSError, RuntimeError) as problem:
            raise PipeError(str(problem)) from None

    def kill(self) -> None:
        """SIGKILL, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self, grace_s: float = 1.0) -> str:
        """Wait for the end (killing after a grace period) and say in words how it came."""
        try:
            code = await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self.kill()
            code = await self._process.wait()
        self.hang_up()
        return describe_end(code, last_line(self._log), self._kills)

    def hang_up(self) -> None:
        """Close this end of the pipe; a child that is still there leaves at once."""
        self._writer.close()


async def spawn(module: str, log: Path, arguments: Sequence[str] = ()) -> Child:
    """Start `python -m module DESCRIPTOR PARENT_PID …` with a socket pair between us.

    Raises:
        OSError: no process or descriptor can be had.
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
                start_new_session=True,  # Ctrl-C in a foreground daemon's terminal is the broker's to handle
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
    """The last thing a child wrote, at most 300 characters; what one before it wrote does not explain its death."""
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

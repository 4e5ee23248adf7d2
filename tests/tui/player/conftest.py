"""A scripted aud socket and real player processes on it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import zmq
import zmq.asyncio

from protocol.frames import Header, Kind, pack, unpack, unpack_body
from protocol.messages.playback import Chunk, Credit
from protocol.messages.session import Hello, Limits, Welcome
from tui.player.lines import Command, DeviceOpened, PlaybackEnded, PlayerStatus, Report, line_of, report_of

LIMITS = Limits(header_bytes=1, body_bytes=1, buffers=1, buffer_bytes=1, chunk_bytes=1)
CHUNK = 960


class ScriptedAud:
    """A daemon's aud socket: hello, pong, and chunks only as far as credits go unless told otherwise."""

    def __init__(self, endpoint: str, epoch: str = "e1") -> None:
        self.endpoint, self.epoch = endpoint, epoch
        self.credits, self.granted, self.sent, self.hellos = 0, 0, 0, 0
        self.peer = b""
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.set(zmq.LINGER, 0)
        self._socket.bind(endpoint)
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._serve())

    async def wait_for(self, what: Callable[[], bool], timeout_s: float = 5.0) -> None:
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(what)

    async def send(self, chunk: Chunk, pcm: np.ndarray) -> None:
        frames = pack(Kind.CHUNK, Header(op="Chunk"), chunk, [np.atleast_2d(pcm).astype(np.float32)])
        await self._socket.send_multipart([self.peer, *frames])

    async def stream(self, playback: int, pcm: np.ndarray, *, sample: int = 0, last: bool = True) -> None:
        """Everything, one credit a chunk, after a flush that costs none."""
        nothing = np.zeros(0, np.float32)
        await self.send(Chunk(playback=playback, index=0, sample=sample, flush=True), nothing)
        for index, start in enumerate(range(0, pcm.shape[-1], CHUNK)):
            await self.wait_for(lambda: self.credits > 0)
            self.credits -= 1
            self.sent += 1
            part = pcm[..., start : start + CHUNK]
            is_last = last and start + CHUNK >= pcm.shape[-1]
            chunk = Chunk(
                playback=playback,
                index=index + 1,
                sample=sample + start,
                last=is_last,
                lufs=-20.0 if index < 20 else -10.0,
                reduced_db=1.5 if index == 10 else 0.0,
            )
            await self.send(chunk, part)

    async def stop(self, playback: int) -> None:
        chunk = Chunk(playback=playback, index=0, sample=0, flush=True, last=True)
        await self.send(chunk, np.zeros(0, np.float32))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._context.destroy(linger=0)

    async def _serve(self) -> None:
        while True:
            peer, *parts = await self._socket.recv_multipart()
            message = unpack(parts)
            if message.kind is Kind.HELLO:
                assert unpack_body(message.body, Hello).client == "player"
                self.peer, self.credits = peer, 0
                welcome = Welcome(proto=1, epoch=self.epoch, seq=0, limits=LIMITS)
                await self._reply(peer, Kind.WELCOME, "Welcome", message.header.id, welcome)
                self.hellos += 1
            elif message.kind is Kind.PING:
                await self._reply(peer, Kind.PONG, "Pong", message.header.id, None)
            elif message.kind is Kind.CREDIT:
                chunks = unpack_body(message.body, Credit).chunks
                self.credits += chunks
                self.granted += chunks
            async with self._changed:
                self._changed.notify_all()

    async def _reply(self, peer: bytes, kind: Kind, op: str, re: bytes, body: Welcome | None) -> None:
        await self._socket.send_multipart([peer, *pack(kind, Header(op=op, re=re), body)])


class RunningPlayer:
    """A real `python -m tui.player` and everything it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.reports: list[Report] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    @property
    def device(self) -> DeviceOpened:
        return next(report for report in self.reports if isinstance(report, DeviceOpened))

    @property
    def status(self) -> PlayerStatus:
        return [report for report in self.reports if isinstance(report, PlayerStatus)][-1]

    @property
    def statuses(self) -> list[PlayerStatus]:
        return [report for report in self.reports if isinstance(report, PlayerStatus)]

    @property
    def ended(self) -> list[PlaybackEnded]:
        return [report for report in self.reports if isinstance(report, PlaybackEnded)]

    async def wait_for(self, what: Callable[["RunningPlayer"], bool], timeout_s: float = 8.0) -> None:
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: what(self))

    def tell(self, command: Command) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line_of(command))

    async def finish(self) -> int:
        """Close stdin, as a client that ends does; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = await asyncio.wait_for(self.process.wait(), 5)
        await self._task
        return code

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._task
        if self.process.stdin is not None:
            self.process.stdin.close()
            with contextlib.suppress(OSError):
                await self.process.stdin.wait_closed()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            report = report_of(line)
            assert report is not None, f"not a report: {line!r}"
            async with self._changed:
                self.reports.append(report)
                self._changed.notify_all()


StartPlayer = Callable[..., Awaitable[RunningPlayer]]


@pytest.fixture
async def aud(tmp_path: Path) -> AsyncIterator[ScriptedAud]:
    scripted = ScriptedAud(f"ipc://{tmp_path}/aud.sock")
    yield scripted
    await scripted.close()


@pytest.fixture
async def start_player(tmp_path: Path) -> AsyncIterator[StartPlayer]:
    """Start players by device; `env` adds to the environment."""
    players: list[RunningPlayer] = []

    async def start(endpoint: str, device: str, env: dict[str, str] | None = None) -> RunningPlayer:
        arguments = ["--aud", endpoint, "--client-id", os.urandom(16).hex(), "--device", device]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tui.player", *arguments, "--log", str(tmp_path / "player.log")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
        players.append(RunningPlayer(process))
        return players[-1]

    yield start
    for player in players:
        await player.end()

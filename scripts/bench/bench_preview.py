"""Measure the time from a key to sound with a real daemon, engine and codec: one cell is edited, then played.

    .venv/bin/python scripts/bench/bench_preview.py [--times 200] [--busy] [--check]

Two figures for each turn, both to the first PCM byte at the client over local ipc: from the key (the edit is sent, its
acknowledgement awaited, which includes an fsync, then StartPlayback) and from StartPlayback alone. Every turn edits
another cell to another code, so no turn finds its sound in the cache. The row goes into docs/BENCHMARKS.md; with
--check the exit status says whether the budget is met. --busy keeps one core occupied, as a training would.

The codec has the usual size and random weights: its sound is noise, but its cost is realistic.
"""

import argparse
import asyncio
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zmq
import zmq.asyncio

from benchmark_page import put_section
from protocol.edits import Edit
from protocol.frames import Header, Kind, pack, unpack, unpack_body
from protocol.messages.models import ListModels
from protocol.messages.playback import Chunk, Credit, StartPlayback, StopPlayback
from protocol.messages.session import Hello
from protocol.messages.strands import ApplyEdit, OpenStrand
from protocol.places import Places, places_of
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import StrandMeta, as_encoded
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN
from tui.transport.client import Client

BUDGET_MS = 30.0
FRAMES = 1200  # 26 s
WARM_UP = 15


def make_model(folder: Path) -> None:
    """A codec with random weights, as a training would have left it. In a process of its own: it imports torch."""
    import msgspec
    import torch

    from daemon.codec.codec import Codec
    from daemon.codec.config import CodecConfig
    from daemon.codec.model import CodecModel
    from daemon.runs.folder import ModelCard
    from daemon.runs.reports import HeldOut

    torch.manual_seed(1)
    codec = Codec(CodecModel(CodecConfig()))
    codec.save(folder / "codec")
    config = codec.config
    card = ModelCard(
        model=folder.name, codec_id=codec.codec_id, steps=0, seconds=0.0, levels=config.levels,
        codebook=config.codebook_size, sample_rate=config.sample_rate, hop_length=config.hop_length,
        frame_rate=codec.frame_rate, held_out=HeldOut(mel=0.0, stft=0.0, sisdr_db=0.0), held_out_kind="files",
        utilisation=[], corpus="none", preset="base", seed=1, parameters=codec.parameter_count, kbps=0.0, created="",
    )  # fmt: skip
    (folder / "model.json").write_bytes(msgspec.json.encode(card))


class Ear:
    """A player that only notes when the first sound of each playback arrives."""

    def __init__(self, places: Places) -> None:
        self.cid = os.urandom(16)
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.set(zmq.LINGER, 0)
        self._socket.connect(places.endpoint.address("aud"))
        self._heard_s: dict[int, float] = {}
        self._taken = 0
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def hello(self) -> None:
        """Attach, and grant what a player grants."""
        await self._say(Kind.HELLO, Hello(proto=(PROTOCOL_MIN, PROTOCOL_MAX), client="player"))
        await self._socket.recv_multipart()
        await self._say(Kind.CREDIT, Credit(chunks=10))
        self._tasks = [asyncio.create_task(self._ping()), asyncio.create_task(self._read())]

    async def first_sound_s(self, playback: int) -> float:
        """When the first PCM of a playback arrived, on the clock of time.perf_counter."""
        while playback not in self._heard_s:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 30)
        return self._heard_s[playback]

    async def settle(self) -> None:
        """Give back the credits of what came; call it after a stop."""
        await asyncio.sleep(0.02)
        taken, self._taken = self._taken, 0
        await self._say(Kind.CREDIT, Credit(chunks=taken))

    def close(self) -> None:
        """Close the player's connection."""
        for task in self._tasks:
            task.cancel()
        self._context.destroy(linger=0)

    async def _read(self) -> None:
        while True:
            message = unpack(await self._socket.recv_multipart())
            now_s = time.perf_counter()
            if message.kind is not Kind.CHUNK:
                continue
            chunk = unpack_body(message.body, Chunk)
            if chunk.error:
                raise SystemExit(f"error: the playback failed: {chunk.error}")
            if message.buffers[0].size:
                self._taken += 1
                self._heard_s.setdefault(chunk.playback, now_s)
                self._changed.set()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self._say(Kind.PING, None)

    async def _say(self, kind: Kind, body: object) -> None:
        header = Header(op=kind.name.title(), id=os.urandom(16), cid=self.cid)
        await self._socket.send_multipart(pack(kind, header, body))


async def measure(places: Places, times: int) -> list[tuple[float, float]]:
    """(from the key, from StartPlayback) in ms, one pair a turn."""
    rng = np.random.default_rng(3)
    taken: list[tuple[float, float]] = []
    async with Client(places.endpoint, kind="cli") as client:
        model = (await client.request(ListModels())).body.models[0]
        codes = rng.integers(0, model.codebook, (model.levels, FRAMES)).astype(np.uint16)
        meta = StrandMeta(
            name="bench", model=model.name, codec_id=model.codec_id, levels=model.levels, codebook=model.codebook,
            frames=FRAMES, samples=FRAMES * 1024,
        )  # fmt: skip
        strand = (
            await client.request(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers, timeout_s=60)
        ).body.id
        ear = Ear(places)
        await ear.hello()
        for turn in range(WARM_UP + times):
            frame, level = int(rng.integers(0, FRAMES - 64)), int(rng.integers(0, model.levels))
            code = (int(codes[level, frame]) + 1 + int(rng.integers(0, model.codebook - 1))) % model.codebook
            codes[level, frame] = code
            edit = Edit(
                op="set", args=[str(code)], levels=LevelRange(level, level), frames=FrameRange(frame, frame + 1)
            )
            key_s = time.perf_counter()
            await client.request(ApplyEdit(strand=strand, edit=edit))
            start_s = time.perf_counter()
            play = StartPlayback(player=ear.cid, strand=strand, frames=FrameRange(frame))
            started = (await client.request(play)).body
            heard_s = await ear.first_sound_s(started.playback)
            if turn >= WARM_UP:
                taken.append(((heard_s - key_s) * 1000, (heard_s - start_s) * 1000))
            await client.request(StopPlayback(player=ear.cid))
            await ear.settle()
        ear.close()
    return taken


def start_daemon(home: Path) -> "subprocess.Popen[bytes]":
    """Start a daemon of this home, and wait until it is ready."""
    read, write = os.pipe()
    command = [sys.executable, "-P", "-m", "daemon", "--home", str(home), "--ready-fd", str(write)]
    daemon = subprocess.Popen(command, pass_fds=[write], start_new_session=True)
    os.close(write)
    status = os.read(read, 4096)
    os.close(read)
    if status != b"ready\n":
        raise SystemExit(f"error: the daemon did not start: {status.decode()}")
    return daemon


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def table_of(taken: list[tuple[float, float]], busy: bool) -> str:
    """The row and its head, in Markdown."""
    rows = [
        "| key to first PCM byte, one-cell edit, local ipc, CPU | p50 | p95 | budget p95 |",
        "|---|---|---|---|",
    ]
    for name, column in (("edit, acknowledged, then play", 0), ("play alone", 1)):
        values = [pair[column] for pair in taken]
        rows.append(f"| {name} | {statistics.median(values):.1f} ms | {p95(values):.1f} ms | {BUDGET_MS:.0f} ms |")
    cores = f"{os.cpu_count()} cores, {platform.machine()}" + (", one of them kept busy" if busy else "")
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        cores += ", at real-time priority because other work ran there"
    rows += ["", f"{len(taken)} turns, codec of the default size, {cores}; `scripts/bench/bench_preview.py`."]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--busy", action="store_true", help="keep one core busy meanwhile")
    parser.add_argument("--check", action="store_true", help="fail when the budget is not met; write nothing")
    parser.add_argument("--make-model", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make_model:
        make_model(options.make_model)
        return
    with tempfile.TemporaryDirectory(prefix="allele-bench-") as folder:
        home = Path(folder)
        command = [sys.executable, __file__, "--make-model", str(home / "models" / "bench")]
        subprocess.run(command, check=True)
        daemon = start_daemon(home)
        load = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if options.busy else None
        try:
            taken = asyncio.run(measure(places_of(home), options.times))
        finally:
            if load is not None:
                load.kill()
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)
    table = table_of(taken, options.busy)
    print(table)
    if options.check:
        sys.exit(p95([pair[0] for pair in taken]) > BUDGET_MS)
    put_section("bench_preview", "From key to sound", table)


if __name__ == "__main__":
    main()

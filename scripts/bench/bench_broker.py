"""Measure how fast the broker answers while a training and decodes use the whole machine.

    .venv/bin/python scripts/bench/bench_broker.py [--seconds 20] [--check]

A real daemon on a home of its own: a corpus of tones, a training of it without end, a strand whose regions are decoded
one after another. Meanwhile pings, status requests and edits are timed, each from its own client. The table goes into
docs/BENCHMARKS.md; with --check the exit status says whether the budget for pings is met.

The decoded codec has the usual size and random weights: its sound is noise, but its cost is realistic.
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import psutil
import zmq
import zmq.asyncio

from benchmark_page import put_section
from protocol.edits import parse_edit
from protocol.frames import Header, Kind, pack
from protocol.messages.corpora import AddToCorpus
from protocol.messages.jobs import ShowJob, StartTraining
from protocol.messages.models import ListModels
from protocol.messages.session import GetStatus
from protocol.messages.snapshots import DecodeRegion
from protocol.messages.strands import ApplyEdit, OpenStrand
from protocol.places import Places, places_of
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta, as_encoded
from protocol.training import TrainingOptions
from tui.transport.client import Client

BUDGET_MS = 50.0
FRAMES = 1200
PREPARE = """
import sys
from pathlib import Path
import numpy as np, soundfile, torch
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.runs.reports import HeldOut
from daemon.runs.folder import ModelCard, write_card

home = Path(sys.argv[1])
tones = home / "tones"
tones.mkdir(parents=True)
for number in range(12):
    t = np.arange(2 * 48_000) / 48_000
    soundfile.write(tones / f"{number}.wav", 0.3 * np.sin(2 * np.pi * 110 * (number + 1) * t) * np.exp(-t), 48_000)
torch.manual_seed(1)
codec = Codec(CodecModel(CodecConfig()))
config = codec.config
codec.save(home / "models" / "bench" / "codec")
write_card(home / "models" / "bench", ModelCard(
    model="bench", codec_id=codec.codec_id, steps=0, seconds=0.0, levels=config.levels, codebook=config.codebook_size,
    sample_rate=config.sample_rate, hop_length=config.hop_length, frame_rate=config.frame_rate,
    held_out=HeldOut(mel=1.0, stft=1.0, sisdr_db=0.0), held_out_kind="by file", utilisation=[1.0] * config.levels,
    corpus="none", preset="small", seed=0, parameters=codec.parameter_count, kbps=config.kbps, created=""))
"""


async def wait_for_job(client: Client, job: str, states: tuple[str, ...]) -> None:
    """Wait until a job is in one of these states."""
    while (info := (await client.request(ShowJob(job=job))).body).state not in states:
        if info.error:
            raise SystemExit(f"{job}: {info.error}")
        await asyncio.sleep(0.1)


async def start_load(client: Client, home: Path) -> str:
    """Ingest, begin a training without end, open a strand; gives the strand's id."""
    added = (await client.request(AddToCorpus(corpus="tones", paths=[str(home / "tones")]))).body
    await wait_for_job(client, added.job, ("done",))
    job = (
        await client.request(StartTraining(corpus="tones", model="endless", options=TrainingOptions(budget_s=36_000)))
    ).body.job
    model = (await client.request(ListModels())).body.models[0]
    meta = StrandMeta(
        name="bench", model="bench", codec_id=model.codec_id, levels=model.levels, codebook=model.codebook,
        frames=FRAMES, samples=FRAMES * model.hop_length,
    )  # fmt: skip
    codes = np.random.default_rng(0).integers(0, model.codebook, (model.levels, FRAMES)).astype(np.uint16)
    strand = (await client.request(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers)).body.id
    await client.request(DecodeRegion(strand=strand, frames=FrameRange(0, 32)), timeout_s=120)
    while (await client.request(ShowJob(job=job))).body.detail[:4] != "step":
        await asyncio.sleep(0.2)
    return strand


async def ping(dealer: zmq.asyncio.Socket) -> None:
    """Round trip of one ping."""
    identity = os.urandom(16)
    await dealer.send_multipart(pack(Kind.PING, Header(op="Ping", id=identity, cid=b"p" * 16)))
    await dealer.recv_multipart()


async def time_it(what: Callable[[], Awaitable[object]], pause_s: float, until_s: float) -> list[float]:
    """Milliseconds of each call, one after another."""
    taken: list[float] = []
    while time.monotonic() < until_s:
        began = time.perf_counter()
        await what()
        taken.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(pause_s)
    return taken


async def measure(places: Places, home: Path, pid: int, seconds: float) -> dict[str, list[float]]:
    """Every measure under the same load, each from a client of its own."""
    context = zmq.asyncio.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.connect(places.endpoint.address("ctl"))
    async with Client(places.endpoint) as one, Client(places.endpoint) as two, Client(places.endpoint) as three:
        strand = await start_load(one, home)
        broker = psutil.Process(pid)
        count = 0

        async def edit() -> None:
            nonlocal count
            count += 1
            await two.request(ApplyEdit(strand=strand, edit=parse_edit(f"set {count % 32} q0 @{count % FRAMES}")))

        async def decode() -> None:
            at = int(time.monotonic() * 997) % (FRAMES - 32)
            await one.request(DecodeRegion(strand=strand, frames=FrameRange(at, at + 32)))

        until_s = time.monotonic() + seconds
        names = ("ping", "status", "edit, on disk", "decode of 32 frames")
        series = await asyncio.gather(
            time_it(lambda: ping(dealer), 0.003, until_s),
            time_it(lambda: three.request(GetStatus()), 0.02, until_s),
            time_it(edit, 0.02, until_s),
            time_it(decode, 0.0, until_s),
        )
        rss = broker.memory_info().rss / 2**20
    context.destroy(linger=0)
    return {**dict(zip(names, series, strict=True)), "memory": [rss]}


def quantile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def table(measured: dict[str, list[float]], seconds: float) -> str:
    """Table for docs/BENCHMARKS.md in Markdown."""
    rss = measured.pop("memory")[0]
    head = ["| answer while training and decoding | n | p50 | p99 | max | budget p99 |", "|---|---|---|---|---|---|"]
    rows: list[str] = []
    for name, taken in measured.items():
        figures = (statistics.median(taken), quantile(taken, 0.99), max(taken))
        cells = " | ".join(f"{figure:.1f} ms" for figure in figures)
        rows.append(f"| {name} | {len(taken)} | {cells} | {f'{BUDGET_MS:.0f} ms' if name == 'ping' else ''} |")
    load = os.getloadavg()[0]
    foot = (
        f"{seconds:.0f} s, {os.cpu_count()} cores, {platform.machine()}, load average {load:.1f}, "
        f"broker {rss:.0f} MiB; `scripts/bench/bench_broker.py`."
    )
    return "\n".join(["", *head, *rows, "", foot, ""])


def main() -> int:
    """Measure, print, write; 1 with --check when the budget is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--check", action="store_true", help="exit with 1 when pings miss their budget")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="allele-bench-") as folder:
        home = Path(folder)
        subprocess.run([sys.executable, "-c", PREPARE, folder], check=True)
        ready, write_end = os.pipe()
        command = [sys.executable, "-m", "daemon", "--home", folder, "--ready-fd", str(write_end)]
        with subprocess.Popen(command, pass_fds=(write_end,)) as daemon:
            os.close(write_end)
            os.read(ready, 100)
            try:
                measured = asyncio.run(measure(places_of(home), home, daemon.pid, args.seconds))
            finally:
                daemon.terminate()
    pings = measured["ping"]
    text = table(measured, args.seconds)
    print(text)
    put_section("bench_broker", "The broker under load", text)
    return int(args.check and quantile(pings, 0.99) > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())

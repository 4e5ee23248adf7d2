"""Send a million malformed messages to the control and the audio socket, and measure their cost.

    .venv/bin/python scripts/bench/hostile.py [--messages 1000000] [--seed 0] [--check]

Eight peers send random bytes, valid messages with bytes flipped, cut or doubled, headers and bodies of any msgpack
value, buffers of a wrong length, and messages of many frames. A peer leaves after 50 000 frames and another one
connects. (The queue of one connection is bounded. Peers that reconnect faster than they are read are not bounded, and
they have the user's own permissions.) At the same time an honest client requests the status and edits a strand: its
replies are timed and its edits compared. The row goes into docs/BENCHMARKS.md; with --check nothing is written and the
exit status is 1 if the broker died, grew by more than 64 MiB, or lost an edit.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgpack
import numpy as np
import psutil
import zmq

from benchmark_page import put_section
from protocol.edits import parse_edit
from protocol.endpoint import Endpoint
from protocol.frames import Header, Kind, pack
from protocol.messages.models import ListModels
from protocol.messages.registry import REQUESTS
from protocol.messages.session import GetStatus, StopDaemon
from protocol.messages.strands import ApplyEdit, GetStrand, OpenStrand
from protocol.strands import StrandMeta, as_encoded
from protocol.version import PROTOCOL_MAX
from tui.transport.client import Client
from tui.transport.embedded import ensure_daemon

PEERS, COME_AND_GO = 8, 50_000
MOST_GROWTH_MIB = 64.0
HEAD = (
    "| messages | seconds | answers while it went on: p50 | p99 | max | broker before | after |\n"
    "|---|---|---|---|---|---|---|"
)
# A model of random weights: strands need one to be of, nothing here is decoded.
PREPARE = """
import sys
from pathlib import Path
import torch
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.runs.reports import HeldOut
from daemon.runs.folder import ModelCard, write_card

folder = Path(sys.argv[1]) / "models" / "random"
codec = Codec(CodecModel(CodecConfig(width=32, latent=20, low_bands=3, envelope_points=4, levels=2, codebook_size=64)))
config = codec.config
codec.save(folder / "codec")
write_card(folder, ModelCard(
    model="random", codec_id=codec.codec_id, steps=0, seconds=0.0, levels=config.levels, codebook=config.codebook_size,
    sample_rate=config.sample_rate, hop_length=config.hop_length, frame_rate=config.frame_rate,
    held_out=HeldOut(mel=1.0, stft=1.0, sisdr_db=0.0), held_out_kind="by file", utilisation=[1.0] * config.levels,
    corpus="none", preset="toy", seed=0, parameters=codec.parameter_count, kbps=config.kbps, created=""))
"""
# Not StopDaemon: with an empty body it is a valid request and stops the daemon.
OPS = (*(op for op in REQUESTS if op != "StopDaemon"), "Nope", "", "__class__")


class Hostile:
    """A sequence of hostile peers, one after another."""

    def __init__(self, endpoint: Endpoint, rng: random.Random) -> None:
        self._endpoint, self._rng = endpoint, rng
        self._context = zmq.Context()
        self._sent = 0
        self._open()

    def _open(self) -> None:
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDTIMEO, 2000)
        self._socket.setsockopt(zmq.SNDHWM, 200)
        self._socket.connect(self._endpoint.address(self._rng.choice(("ctl", "ctl", "aud"))))

    def send(self) -> None:
        """Send one hostile message."""
        frames = self._rng.choice((self._noise, self._bent, self._typed, self._lying, self._many))()
        with contextlib.suppress(zmq.Again):  # the broker may let this peer wait
            self._socket.send_multipart(frames)
        while self._socket.poll(0):
            self._socket.recv_multipart()
        self._sent += len(frames)
        if self._sent > COME_AND_GO:
            self._sent = 0
            self._socket.close(0)
            self._open()

    def close(self) -> None:
        """Close the peer's connection."""
        self._context.destroy(linger=0)

    def _noise(self) -> list[bytes]:
        return [self._rng.randbytes(self._rng.randrange(300)) for _ in range(self._rng.randrange(1, 24))]

    def _bent(self) -> list[bytes]:
        """A valid request with corrupted bytes."""
        body = ApplyEdit(strand="s1", edit=parse_edit("set 3 q0 @0:8"))
        header = Header(op="ApplyEdit", id=self._rng.randbytes(16), cid=self._rng.randbytes(16))
        frames = [bytearray(frame) for frame in pack(Kind.REQ, header, body)]
        for _ in range(self._rng.randrange(1, 5)):
            frame = self._rng.choice(frames)
            at = self._rng.randrange(len(frame) + 1)
            what = self._rng.randrange(3)
            if what == 0 and at < len(frame):
                frame[at] ^= 1 << self._rng.randrange(8)
            elif what == 1:
                del frame[at:]
            else:
                frame[at:at] = frame[:at]
        return [bytes(frame[:4096]) for frame in frames]

    def _typed(self) -> list[bytes]:
        """A message of the right shape with random values."""
        header = {"op": self._rng.choice(OPS), "id": self._rng.randbytes(16), "cid": self._rng.randbytes(16)}
        if self._rng.random() < 0.5:
            header[self._rng.choice(("op", "id", "cid", "re", "deadline_ms", "bufs", "seq"))] = self._value(3)
        fields = ("strand", "path", "edit", "codes", "model", "corpus", "frames", "state", "player", "job")
        body = {self._rng.choice(fields): self._value(4) for _ in range(self._rng.randrange(4))}
        kind = self._rng.randrange(14)
        return [b"AL" + bytes((PROTOCOL_MAX, kind)), msgpack.packb(header), msgpack.packb(body)]

    def _value(self, depth: int) -> object:
        kind = self._rng.randrange(8 if depth else 6)
        if kind == 6:
            return [self._value(depth - 1) for _ in range(self._rng.randrange(4))]
        if kind == 7:
            return {str(i): self._value(depth - 1) for i in range(self._rng.randrange(4))}
        plain = (None, -(2**63), 2**64 - 1, float("nan"), "x" * self._rng.randrange(40), self._rng.randbytes(20))
        return plain[kind]

    def _lying(self) -> list[bytes]:
        """A message whose buffers do not match its header."""
        shape = self._rng.choice(([2**40, 2**40], [0], [-1], [8, 100], [1] * 40))
        bufs = [{"dt": self._rng.choice(("<u2", "<f4", "|O", "nonsense")), "shape": shape}]
        header = {"op": "OpenStrand", "id": self._rng.randbytes(16), "cid": b"c" * 16, "bufs": bufs}
        return [
            b"AL" + bytes((PROTOCOL_MAX, Kind.REQ)),
            msgpack.packb(header),
            msgpack.packb({}),
            self._rng.randbytes(64),
        ]

    def _many(self) -> list[bytes]:
        return [b""] * self._rng.randrange(1, 200)


def attack(endpoint: Endpoint, messages: int, seed: int) -> None:
    """Send all messages as fast as the broker accepts them."""
    rng = random.Random(seed)
    peers = [Hostile(endpoint, random.Random(rng.random())) for _ in range(PEERS)]
    sent = 0
    while sent < messages:
        rng.choice(peers).send()
        sent += 1
    for peer in peers:
        peer.close()


async def honest(endpoint: Endpoint, at_work: asyncio.Task[None], taken_ms: list[float]) -> int:
    """Send requests and edits until the attack is over; returns how many edits are missing at the end."""
    async with Client(endpoint) as client:
        model = (await client.ask(ListModels())).models[0]
        codes = np.zeros((model.levels, 64), np.uint16)
        meta = StrandMeta(
            name="honest", model=model.name, codec_id=model.codec_id, levels=model.levels, codebook=model.codebook,
            frames=64, samples=64 * model.hop_length,
        )  # fmt: skip
        strand = (await client.request(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers)).body.id
        edits = 0
        while not at_work.done():
            began = time.perf_counter()
            await client.request(GetStatus())
            taken_ms.append(1000 * (time.perf_counter() - began))
            frame, code = edits % 64, (edits * 7 + 1) % 64
            await client.request(ApplyEdit(strand=strand, edit=parse_edit(f"set {code} q0 @{frame}")))
            codes[0, frame] = code
            edits += 1
            await asyncio.sleep(0.05)
        found = await client.request(GetStrand(strand=strand))
        return int((found.buffers[0] != codes).sum()) + abs(found.body.rev - edits)


async def measure(home: Path, messages: int, seed: int) -> tuple[str, bool]:
    """Row of the table, and whether the broker was unharmed."""
    endpoint = ensure_daemon(home)
    async with Client(endpoint) as client:
        pid = (await client.ask(GetStatus())).pid
    broker = psutil.Process(pid)
    before = broker.memory_info().rss / 2**20
    taken_ms: list[float] = []
    began = time.monotonic()
    at_work = asyncio.create_task(asyncio.to_thread(attack, endpoint, messages, seed))
    missing = await honest(endpoint, at_work, taken_ms)
    await at_work
    seconds = time.monotonic() - began
    async with Client(endpoint) as client:
        same = (await client.ask(GetStatus())).pid == pid
        after = broker.memory_info().rss / 2**20
        await client.request(StopDaemon())
    taken_ms.sort()
    times = [taken_ms[int(share * (len(taken_ms) - 1))] for share in (0.5, 0.99, 1.0)]
    cells = [f"{messages:,}".replace(",", " "), f"{seconds:.0f}", *(f"{ms:.1f} ms" for ms in times)]
    row = "| " + " | ".join([*cells, f"{before:.0f} MiB", f"{after:.0f} MiB"]) + " |"
    return row, same and missing == 0 and after - before <= MOST_GROWTH_MIB


def main() -> int:
    """Attack the broker, measure, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="only look; exit with 1 when something was harmed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="allele-hostile-") as folder:
        subprocess.run([sys.executable, "-c", PREPARE, folder], check=True)
        row, is_well = asyncio.run(measure(Path(folder), args.messages, args.seed))
    print(f"{HEAD}\n{row}\n{'unharmed' if is_well else 'HARMED'}")
    if not args.check:
        foot = f"{PEERS} peers at once, {os.cpu_count()} cores, {platform.machine()}; `scripts/bench/hostile.py`."
        put_section("hostile", "Hostile messages", f"{HEAD}\n{row}\n\n{foot}")
    return int(not is_well)


if __name__ == "__main__":
    sys.exit(main())

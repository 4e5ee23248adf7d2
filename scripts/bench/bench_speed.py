"""Measure how fast Allele encodes and decodes compared with its peers, timed in turns in one run.

    .venv/bin/python scripts/bench/bench_speed.py [--rounds 7] [--seconds 10] [--check]

The cells of `bench_codec.py` are timed minutes apart, and on a machine that others use the same codec is then 122 or
168 times as fast as real time: a ratio of two cells measures other programs more than the codecs. So every network is
built here as a cell builds it (the weights make no difference), and each round times them all, one after the other, on
the same sound, on one thread and on as many as there are cores: the faster result counts. The ratio is the
median of the rounds' own ratios; least and most stand beside it. A peer's bitrate is Allele's, its size the one that
cells train. Writes its table into docs/BENCHMARKS.md; with --check it writes nothing and fails when a figure is not
reached. Needs the extra `bench`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

# As in bench_codec.py: threads that wait actively take the cores from one another.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import soundfile
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from peers.aims import SPEED_RATIO
from peers.networks import NETWORKS, build, missing, peer_setting
from peers.peer import bake_weight_norm

Sound = NDArray[np.float32]
Turn = Callable[[], tuple[float, float]]
DEMO = Path(__file__).resolve().parents[1] / "demo"
RATE = 48_000
GRIDS = ((10, 128, "a dozen recordings"), (10, 256, "five hundred"))
"""Levels and codes of a level as the rule of sizes chooses them."""
THREADS = sorted({1, torch.get_num_threads()})


def main() -> int:
    """Time all, print and write the table; 1 when --check finds a figure that is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of every network (7)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound (10)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a figure is not reached")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or not 1 <= arguments.seconds <= 60:
        parser.error("at least one round, of 1 to 60 seconds")
    lacking = [why for name in NETWORKS if (why := missing(name))]
    if lacking:
        print(f"error: {lacking[0]}", file=sys.stderr)
        return 1
    sound = demo_sound(arguments.seconds)
    tables, reached = [], True
    for levels, codebook, words in GRIDS:
        table, is_reached = compare(sound, levels, codebook, words, arguments.rounds)
        tables.append(table)
        reached = reached and is_reached
        print(table, end="\n\n", flush=True)
    if not arguments.check:
        note = (
            f"{arguments.rounds} rounds of {arguments.seconds:g} s, on one thread or on {THREADS[-1]}, "
            f"whichever is faster, {os.cpu_count()} cores, torch {torch.__version__}, "
            f"load {os.getloadavg()[0]:.1f} when this was written; "
            "`scripts/bench/bench_speed.py`."
        )
        put_section("bench_speed", "Encoding and decoding beside the peers", "\n\n".join([*tables, note]))
    return int(arguments.check and not reached)


def demo_sound(seconds: float) -> Sound:
    """The first `seconds` of the demo recordings, concatenated, in mono."""
    parts = [soundfile.read(path, dtype="float32", always_2d=True)[0].mean(1) for path in sorted(DEMO.glob("*.flac"))]
    return np.resize(np.concatenate(parts), int(seconds * RATE)).astype(np.float32)


def compare(sound: Sound, levels: int, codebook: int, words: str, rounds: int) -> tuple[str, bool]:
    """The table of one size of grid, and whether all figures are reached."""
    config = replace(CodecConfig(), levels=levels, codebook_size=codebook)
    turns: dict[str, Turn] = {"ours": ours(sound, config)}
    turns |= {name: peer(sound, name, config.kbps) for name in NETWORKS}
    for turn in turns.values():
        turn()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            times[name].append(quickest(turn))
    seconds = sound.size / RATE
    lines = [
        f"{levels} levels of {codebook} codes ({config.kbps:.2f} kbps), as for {words}:",
        "",
        "| model | encode | decode | both | Allele is faster by | least and most | figure | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    reached = True
    for name, took in times.items():
        encode, decode, both = (seconds / median(part) for part in ([t[0] for t in took], [t[1] for t in took],
                                                                    [sum(t) for t in took]))  # fmt: skip
        row = f"| {name} | {encode:.0f}× | {decode:.0f}× | {both:.1f}× |"
        if name == "ours":
            lines.append(f"{row} | | | |")
            continue
        ratios = [sum(theirs) / sum(own) for theirs, own in zip(took, times["ours"], strict=True)]
        is_met = median(ratios) >= SPEED_RATIO[name]
        reached = reached and is_met
        lines.append(
            f"{row} {median(ratios):.1f}× | {min(ratios):.1f}–{max(ratios):.1f}× | ≥ {SPEED_RATIO[name]:g} | "
            f"{'met' if is_met else '**not met**'} |"
        )
    return "\n".join(lines), reached


def quickest(turn: Turn) -> tuple[float, float]:
    """A turn on each number of threads; the one that took least in all."""
    took: list[tuple[float, float]] = []
    for threads in THREADS:
        torch.set_num_threads(threads)
        took.append(turn())
    return min(took, key=sum)


def ours(sound: Sound, config: CodecConfig) -> Turn:
    """Allele's codec as the daemon uses it: numpy to numpy, levels and all."""
    torch.manual_seed(0)
    codec = Codec(CodecModel(config))
    return timed(
        lambda: codec.encode(sound), lambda made: codec.decode(made.codes, samples=made.samples, gain_db=made.gain_db)
    )


def peer(sound: Sound, name: str, kbps: float) -> Turn:
    """A peer as cells train it; numpy to numpy too."""
    network = build(name, peer_setting(name, "matched", kbps), 0).eval()
    bake_weight_norm(network)

    @torch.no_grad()
    def encode() -> list[torch.Tensor]:
        return network.encode(torch.from_numpy(sound)[None])

    @torch.no_grad()
    def decode(codes: list[torch.Tensor]) -> Sound:
        return network.decode(codes, sound.size)[0].numpy()

    return timed(encode, decode)


def timed(encode: Callable[[], Any], decode: Callable[[Any], Any]) -> Turn:
    """Seconds of encoding and of decoding what came of it."""

    def turn() -> tuple[float, float]:
        began = time.perf_counter()
        made = encode()
        between = time.perf_counter()
        decode(made)
        return between - began, time.perf_counter() - between

    return turn


if __name__ == "__main__":
    sys.exit(main())

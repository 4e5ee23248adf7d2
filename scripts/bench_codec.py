"""Train the codec for a wall-clock budget and measure it on recordings it has not seen.

    .venv/bin/python scripts/bench_codec.py [--corpus DIR] [--budget 90 | --steps N] [--seed 0] [--dry-run]

What is measured, exactly:

**Training** is `daemon.training.loop.train` as the daemon runs it, on the recordings of `--corpus`
(default `scripts/demo`, ingested afresh), for `--budget` seconds of wall clock, evaluations included.
The held-out files are those the training itself sets aside (whole files when there are ten or more).
Every figure below goes through the public `Codec.encode` and `Codec.decode`, quantised, all levels, at
the source's own level and length.

**mel**, the official measure: mono mean at 48 kHz; six scales with periodic Hann windows of 4096, 2048,
1024, 512, 256 and 128 samples, hop = window / 4; magnitude STFT, centred, reflect padding; 210, 160, 80,
40, 20 and 10 unnormalised triangular HTK mel bands from 0 to 24 kHz; log10 with floor 1e-5; mean absolute
difference, averaged over scales, then over files (`daemon.dsp.measure.mel_distance`). Lower is better.

**stft**: spectral convergence plus mean absolute log10-magnitude difference, mean of windows 2048, 1024
and 512. **SI-SDR** in dB. **prefix mel**: mel with only levels 0..q heard. **utilisation**: share of a
level's codes used at least once over the training files. **speed**: seconds of audio per second of
encode plus decode, best of five on 20 s of held-out audio. **above 20 kHz**: energy of the decode above
20 kHz beyond the source's own, relative to the source's whole energy; the worst file. **silence**: peak
of the decode of two seconds of digital silence.
"""

import argparse
import os
import platform
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# OpenMP threads that wait actively make every step many times slower on cores that others use too;
# this must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.durable import write_bytes
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance, si_sdr_db, spurious_above_db, stft_distance
from daemon.training.crops import open_parts
from daemon.training.evaluation import FINAL_USAGE_FRAMES, code_usage, round_trip
from daemon.training.loop import train
from daemon.training.reports import EvaluationReport, LogLine, Report
from daemon.training.run_folder import read_run
from daemon.training.spec import TrainingSpec

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "BENCHMARKS.md"
MARKER = "bench_codec"
HEADER = (
    "| corpus | files | budget | seed | steps | held-out mel | stft | SI-SDR dB | lowest utilisation | "
    "mel by level heard | enc+dec | > 20 kHz | silence | size | load |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)
Sound = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run measured."""

    mel: float
    stft: float
    sisdr_db: float
    prefix_mel: list[float]
    utilisation: list[float]
    speed: float
    above_20_khz_db: float
    silence_db: float


def main() -> None:
    """Train, measure, print, and put the row into docs/BENCHMARKS.md."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        corpus_dir, run_dir = Path(scratch) / "corpus", Path(scratch) / "model"
        report = ingest([wish.corpus], corpus_dir)
        spec = TrainingSpec(budget_s=None if wish.steps else wish.budget, steps=wish.steps, seed=wish.seed)
        load, began = os.getloadavg()[0], time.monotonic()
        result = train(spec, corpus_dir, run_dir, report=_tell)
        print(f"{result.steps} steps, {time.monotonic() - began:.1f} s, load before {load:.1f}", flush=True)
        codec = Codec.load(run_dir, "cpu")
        figures = _measure(codec, corpus_dir, run_dir)
    size = f"{codec.parameter_count / 1e6:.1f} M, {codec.config.kbps:.2f} kbps"
    amount = f"{wish.steps} steps" if wish.steps else f"{wish.budget:g} s"
    row = _row(
        wish.corpus.name,
        f"{report.total_files}, {report.total_s:.0f} s",
        amount,
        wish.seed,
        result.steps,
        figures,
        size,
    )
    print(f"{figures}\n{HEADER}\n{row} {load:.1f} |")
    if not wish.dry_run:
        _write(f"{row} {load:.1f} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train for a budget and measure on held-out recordings.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument("--budget", type=float, default=90.0, help="seconds of optimisation")
    parser.add_argument("--steps", type=int, help="exactly so many steps instead")
    parser.add_argument("--seed", type=int, default=0, help="also chooses the held-out files")
    parser.add_argument("--dry-run", action="store_true", help="leave docs/BENCHMARKS.md alone")
    return parser.parse_args()


def _tell(report: Report) -> None:
    if isinstance(report, EvaluationReport):
        print(f"step {report.step:5d} {report.elapsed_s:6.1f} s  mel {report.mel:.3f}  train {report.train_mel:.3f}")
    elif isinstance(report, LogLine):
        print(report.text, flush=True)


def _measure(codec: Codec, corpus_dir: Path, run_dir: Path) -> Figures:
    run = read_run(run_dir)
    assert run is not None
    corpus = load_corpus(corpus_dir)
    held_out = [clip.mono() for clip in open_parts(corpus, run.plan.split.held_out, codec.config)]
    usage = code_usage(codec, open_parts(corpus, run.plan.split.train, codec.config), FINAL_USAGE_FRAMES)
    decoded = [round_trip(codec, sound) for sound in held_out]
    pairs = list(zip(held_out, decoded, strict=True))
    return Figures(
        mel=float(np.mean([mel_distance(a, b) for a, b in pairs])),
        stft=float(np.mean([stft_distance(a, b) for a, b in pairs])),
        sisdr_db=float(np.mean([si_sdr_db(a, b) for a, b in pairs])),
        prefix_mel=_prefix_mel(codec, held_out),
        utilisation=[level.utilisation for level in usage],
        speed=_speed(codec, held_out),
        above_20_khz_db=max(spurious_above_db(a, b) for a, b in pairs),
        silence_db=_peak_db(round_trip(codec, np.zeros(2 * 48_000, np.float32))),
    )


def _prefix_mel(codec: Codec, held_out: list[Sound]) -> list[float]:
    """Mel with only the first level heard, then the first two, and so on."""
    sums = np.zeros(codec.config.levels)
    for sound in held_out:
        made = codec.encode(sound)
        for top in range(codec.config.levels):
            decoded = codec.decode(made.codes, levels=range(top + 1), samples=made.samples, gain_db=made.gain_db)
            sums[top] += mel_distance(sound, decoded)
    return (sums / len(held_out)).tolist()


def _speed(codec: Codec, held_out: list[Sound]) -> float:
    sound = np.resize(np.concatenate(held_out), 20 * 48_000)
    best_s = float("inf")
    for _ in range(6):  # the first warms up
        began = time.perf_counter()
        round_trip(codec, sound)
        best_s = min(best_s, time.perf_counter() - began)
    return 20 / best_s


def _peak_db(sound: Sound) -> float:
    return 20 * float(np.log10(np.abs(sound).max() + 1e-9))


def _row(corpus: str, files: str, amount: str, seed: int, steps: int, figures: Figures, size: str) -> str:
    prefix = " ".join(f"{value:.3f}".lstrip("0") for value in figures.prefix_mel)
    cells = [
        corpus,
        files,
        amount,
        seed,
        steps,
        f"**{figures.mel:.3f}**",
        f"{figures.stft:.2f}",
        f"{figures.sisdr_db:.0f}",
        f"{min(figures.utilisation):.0%}",
        prefix,
        f"{figures.speed:.0f}×",
        f"{figures.above_20_khz_db:.0f} dB",
        f"{figures.silence_db:.0f} dBFS",
        size,
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _write(row: str) -> None:
    """Add or replace the row of the same corpus, budget and seed in this script's section."""
    text = TABLE.read_text() if TABLE.exists() else "# Benchmarks\n\nGenerated by the scripts named in each.\n"
    section = re.search(rf"<!-- {MARKER} -->\n(.*?)<!-- /{MARKER} -->", text, re.DOTALL)
    old = [line for line in section.group(1).splitlines() if line.startswith("| ")][1:] if section else []

    def key(line: str) -> list[str]:
        cells = [cell.strip() for cell in line.split("|")]
        return [cells[1], cells[3], cells[4]]

    rows = [*(line for line in old if key(line) != key(row)), row]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, torch {torch.__version__}"
    note = (
        f"{machine}; load is the 1-minute average before the run (other work on the same cores costs "
        "steps); `scripts/bench_codec.py`."
    )
    table = "\n".join([HEADER, *sorted(rows)])
    body = f"<!-- {MARKER} -->\n\n{table}\n\n{note}\n\n<!-- /{MARKER} -->"
    if section:
        text = text[: section.start()] + body + text[section.end() :]
    else:
        text = f"{text.rstrip()}\n\n## The codec on unseen recordings\n\n{body}\n"
    write_bytes(TABLE, text.encode())


if __name__ == "__main__":
    main()

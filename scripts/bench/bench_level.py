"""Measure whether an unedited decode is as loud as its source, on recordings that the model has not seen.

    python scripts/bench/bench_level.py MODEL_FOLDER FOLDER [FOLDER ...] [--count 40] [--without scripts/demo] [--write]

It encodes and decodes `--count` recordings, drawn with a fixed seed from the folders, at most 10 s of each, and leaves
out those whose name is also in `--without` (the recordings of the model). Differences are of the decode less the
source, in dB: **power** weighted as in ITU-R BS.1770 without gates, **RMS**, and **LUFS**, the integrated loudness.
`--write` puts the table into docs/BENCHMARKS.md.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.codec.level import power
from daemon.dsp.loudness import integrated_lufs
from daemon.dsp.measure import mel_distance
from daemon.workers.clips import read_clip

LONGEST = 480_000
MEASURES = ("power", "RMS", "LUFS")
BUDGET = 0.95


def main() -> None:
    """Print a row for each recording, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--without", type=Path, default=Path(__file__).resolve().parents[1] / "demo")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    codec = Codec.load(arguments.model)
    files = _drawn(arguments.folders, arguments.without, arguments.count)
    rows = np.array([_measured(codec, path) for path in files])
    for path, row in zip(files, rows, strict=True):
        print(f"{path.stem:28} " + "  ".join(f"{value:6.1f} dB" for value in row[:3]) + f"  mel {row[3]:.3f}")
    table = _table(rows)
    print("\n" + table)
    if arguments.write:
        put_section("bench_level", "Level of unedited decodes", f"{table} `scripts/bench/bench_level.py`.")


def _drawn(folders: list[Path], without: Path, count: int) -> list[Path]:
    known = {path.stem for path in without.glob("*")}
    found = sorted(path for folder in folders for path in folder.rglob("*.*") if path.suffix in (".flac", ".wav"))
    unseen = [path for path in found if path.stem not in known]
    chosen = np.random.default_rng(4).permutation(len(unseen))[:count]
    return [unseen[place] for place in sorted(chosen)]


def _measured(codec: Codec, path: Path) -> list[float]:
    """Differences of level in dB by each measure, and the mel distance."""
    source = read_clip(path, codec.config.channels).audio[..., :LONGEST]
    encoded = codec.encode(source)
    made = codec.decode(encoded.codes, samples=encoded.samples, gain_db=encoded.gain_db)
    differences = [_weighted_db(made) - _weighted_db(source), _rms_db(made) - _rms_db(source)]
    return [*differences, integrated_lufs(made) - integrated_lufs(source), mel_distance(source, made)]


def _weighted_db(audio: NDArray[np.float32]) -> float:
    return 10 * float(np.log10(power(torch.from_numpy(np.ascontiguousarray(audio))) + 1e-15))


def _rms_db(audio: NDArray[np.float32]) -> float:
    return 10 * float(np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-15))


def _table(rows: NDArray[np.float64]) -> str:
    lines = ["| measure | within 1 dB | budget | mean | worst |", "|---|---|---|---|---|"]
    for number, name in enumerate(MEASURES):
        column = rows[:, number]
        share, worst = np.mean(np.abs(column) <= 1), column[np.abs(column).argmax()]
        lines.append(
            f"| {name} | {share:.1%} of {len(rows)} | ≥ {BUDGET:.0%} | {column.mean():+.2f} dB | {worst:+.1f} dB |"
        )
    return "\n".join([*lines, f"\nMel distance: {rows[:, 3].mean():.3f}."])


if __name__ == "__main__":
    main()

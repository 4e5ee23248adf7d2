"""Measure the onset finder and the tempo estimate on recordings whose onsets or tempo are known.

    python scripts/bench/bench_onsets.py FOLDER [--write]

FOLDER contains the recordings; those that are not there are left out. The tempo of a loop is known from its number of
beats, which was counted by ear and eye; it is right within 4 %. Onsets were marked once, by eye, in waveforms and
spectrograms, before the finder ran on them: `tests/daemon/dsp/onsets_of_loops.json`. An onset is found if one is within
30 ms. `--write` puts the table into docs/BENCHMARKS.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.dsp.onsets import find_onsets
from daemon.dsp.tempo import tempo_candidates

MARKS = Path(__file__).resolve().parents[2] / "tests" / "daemon" / "dsp" / "onsets_of_loops.json"
NEAR_S = 0.030
NEAR_BPM = 0.04
BEATS = {
    "loop_3d_printer": 16,
    "loop_amen": 4,
    "loop_amen_full": 16,
    "loop_breakbeat": 4,
    "loop_compus": 16,
    "loop_electric": 4,
    "loop_garzul": 16,
    "loop_industrial": 2,
    "loop_mehackit1": 4,
    "loop_mehackit2": 4,
    "loop_mika": 16,
    "loop_perc1": 4,
    "loop_perc2": 4,
    "loop_safari": 16,
    "loop_tabla": 16,
    "loop_weirdo": 8,
}


def main() -> None:
    """Print the table of onsets. With --write it also goes into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    tables = f"{_onsets(arguments.folder)}\n\n{_tempos(arguments.folder)}"
    text = f"{tables}\n\n`scripts/bench/bench_onsets.py`, which defines the columns."
    print(text)
    if arguments.write:
        put_section("bench_onsets", "Onsets and tempo", text)


def _onsets(folder: Path) -> str:
    marks: dict[str, list[float]] = json.loads(MARKS.read_text(encoding="utf-8"))
    lines = [
        "| recording | onsets marked | found | also found, not marked | median error ms |",
        "|---|---:|---:|---:|---:|",
    ]
    every, hits, extra = 0, 0, 0
    for name, marked in marks.items():
        path = folder / f"{name}.flac"
        if not path.exists():
            continue
        found = find_onsets(*_mono(path))
        errors = matched(found, marked)
        every, hits, extra = every + len(marked), hits + len(errors), extra + len(found) - len(errors)
        median = 1000 * float(np.median(np.abs(errors))) if errors else float("nan")
        lines.append(f"| {name} | {len(marked)} | {len(errors)} | {len(found) - len(errors)} | {median:.1f} |")
    lines.append(f"| all | {every} | {hits} | {extra} | |")
    lines.append(f"\nRecall {hits / every:.1%} (budget ≥ 90 %), precision {hits / (hits + extra):.1%} (≥ 90 %).")
    return "\n".join(lines)


def _tempos(folder: Path) -> str:
    lines = ["| recording | bpm | offered, the likeliest first |", "|---|---:|---|"]
    first, offered, count = 0, 0, 0
    for name, beats in BEATS.items():
        path = folder / f"{name}.flac"
        if not path.exists():
            continue
        audio, sample_rate = _mono(path)
        known = 60 * beats / (len(audio) / sample_rate)
        candidates = tempo_candidates(audio, sample_rate)
        near = [abs(bpm / known - 1) <= NEAR_BPM for bpm in candidates]
        first, offered, count = first + near[0], offered + any(near), count + 1
        lines.append(f"| {name} | {known:.1f} | {' '.join(f'{bpm:.1f}' for bpm in candidates)} |")
    lines.append(f"\nThe first is right for {first} of {count} (budget ≥ 13 of 16), one offered for {offered}.")
    return "\n".join(lines)


def matched(found: NDArray[np.float64], marked: list[float]) -> list[float]:
    """Pair each onset found with the nearest free mark within `NEAR_S`, and return the differences in seconds."""
    free, errors = list(marked), list[float]()
    for moment in found.tolist():
        nearest = min(free, key=lambda mark: abs(mark - moment), default=None)
        if nearest is not None and abs(nearest - moment) <= NEAR_S:
            errors.append(moment - nearest)
            free.remove(nearest)
    return errors


def _mono(path: Path) -> tuple[NDArray[np.float32], int]:
    audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return audio.mean(1), sample_rate


if __name__ == "__main__":
    main()

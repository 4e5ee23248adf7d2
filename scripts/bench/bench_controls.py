"""Measure each control of generating on decoded sound: how well it is followed, and what it takes with it.

    python scripts/bench/bench_controls.py HOME MODEL [MODEL ...] [--short] [--seeds N] [--write]

For each model with a prior and material in the home folder HOME and each of brightness, roughness and attack, sounds of
4 s are made at 9 steps of the control with N seeds each (2), by the neural and the events engine. Of four candidates
the one whose *first half* is nearest to the control is kept, and its *second half* is measured: renders that the choice
has not heard. The table gives Spearman's rank correlation of the control and the measured descriptor (at least .9
wanted), and the largest one with another of the three (at most .4 wanted). Loudness is matched, so it is left out. Rows
are the control as it is, with guidance, and without each of its parts (leaning codes, choice of four). `--short` makes
5 steps with one seed and only the first rows, in less than 2 minutes for one model. The full form takes 20 minutes of a
core for two models. `--write` puts the table into docs/BENCHMARKS.md.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.generation import engines as engines_module
from daemon.generation.engines import Engines
from daemon.generation.knob_check import OTHERS, rank_correlation
from daemon.generation.knobs import nearest
from daemon.generation.wanted import Wanted
from daemon.prior.conditions import CONDITIONS, describe_frames
from daemon.workers.model_parts import open_parts_of

SECONDS, RATE = 4.0, 48_000
ENGINES = ("events", "neural")
Described = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class _Amount:
    """How much is made."""

    steps: int
    seeds: int
    seconds: float

    @property
    def values(self) -> list[float]:
        """The steps of a control, each as often as it is made."""
        return [float(value) for value in np.linspace(-1, 1, self.steps) for _ in range(self.seeds)]


def main() -> None:
    """Print rows as they are measured, then the table, a column for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    short = _Amount(steps=5, seeds=1, seconds=SECONDS)
    amount = short if arguments.short else _Amount(steps=9, seeds=arguments.seeds, seconds=SECONDS)
    columns: dict[str, dict[str, str]] = {}
    for name in arguments.models:
        columns[name] = {}
        for row, value in _rows(arguments.home / "models" / name, amount, is_short=arguments.short):
            columns[name][row] = value
            print(f"{name}: {row}: {value}", file=sys.stderr, flush=True)
    lines = [f"| Spearman (≥ .9), worst other (≤ .4) | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    lines += [f"| {row} | {' | '.join(column.get(row, '–') for column in columns.values())} |" for row in rows]
    how = f"{amount.steps} steps × {amount.seeds} seeds, changed rows half as many"
    table = "\n".join([*lines, "", f"`scripts/bench/bench_controls.py`: {how}; the second half of each sound."])
    print(table)
    if arguments.write:
        put_section("bench_controls", "Controls of generating", table)


def _rows(folder: Path, amount: _Amount, *, is_short: bool) -> Iterator[tuple[str, str]]:
    codec = Codec.load(folder, "cpu")
    engines = open_parts_of(folder, codec).engines()
    for engine in ENGINES:
        for control in OTHERS:
            yield f"{engine}: {control}", _measured(engines, engine, control, amount)
    if is_short:
        return
    halved = _Amount(steps=amount.steps, seeds=max(1, amount.seeds // 2), seconds=amount.seconds)
    for change, name, other, controls in (
        ("with guidance 1.75", "GUIDANCE", 1.75, OTHERS),
        ("without leaning codes", "LEANING_NATS", {}, ("roughness",)),
    ):
        usual = getattr(engines_module, name)
        setattr(engines_module, name, other)
        for control in controls:
            yield f"neural {change}: {control}", _measured(engines, "neural", control, halved)
        setattr(engines_module, name, usual)
    for control in OTHERS:
        yield f"neural, first of four: {control}", _measured(engines, "neural", control, halved, chooses=False)


def _measured(engines: Engines, engine: str, control: str, amount: _Amount, *, chooses: bool = True) -> str:
    began_s = time.process_time()
    sounds = [
        _sound(engines, engine, control, value, seed, amount, chooses=chooses)
        for seed, value in enumerate(amount.values)
    ]
    described = np.stack(sounds)
    found = {name: rank_correlation(amount.values, described[:, CONDITIONS.index(name)]) for name in OTHERS}
    other = max((name for name in OTHERS if name != control), key=lambda name: abs(found[name]))
    print(f"    {time.process_time() - began_s:.0f} CPU s", file=sys.stderr, flush=True)
    return f"{found[control]:.2f}, {abs(found[other]):.2f} ({other})"


def _sound(
    engines: Engines, engine: str, control: str, value: float, seed: int, amount: _Amount, *, chooses: bool
) -> Described:
    """What the second half of a sound measures whose first half was nearest to the control."""
    wanted = Wanted(samples=round(amount.seconds * RATE), engine=engine, ranks={control: value})
    made = [output.audio for output in engines.candidates(engine, wanted, 7000 + seed)]
    half = wanted.samples // 2
    kept = nearest([sound[..., :half] for sound in made], engines.material, wanted.ranks) if chooses else 0
    return describe_frames(made[kept][..., half:], engines.material.codec.config.hop_length).mean(0)


if __name__ == "__main__":
    main()

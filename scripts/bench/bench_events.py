"""Measure the events engine: likeness to the recordings, rhythm, density, controls, and how new its sounds are.

    python scripts/bench/bench_events.py HOME MODEL [MODEL ...] [--write]

For each model with material in the home folder HOME, `CLIPS` clips of 8 s are made with each setting and compared with
the model's own decode of its training recordings (`scripts/bench/sound_distance.py`). Onsets are counted by a detector
that the engine does not use: rises of 40 bands between frames of 21 ms. Controls are ranked over 9 steps, each with
other seeds, on whole outputs at equal loudness. `--write` puts the table into docs/BENCHMARKS.md. Two models take 5
minutes of a core.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.atlas.descriptors import DESCRIPTORS, describe
from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.loudness import integrated_lufs
from daemon.generation.event_bank import EventBank
from daemon.generation.event_gathering import gather_events
from daemon.generation.event_grid import make_plan
from daemon.generation.event_settings import EventSettings
from daemon.generation.events import Events
from daemon.generation.material import Material
from daemon.generation.output import Output
from daemon.runs.folder import read_run
from sound_distance import Reference, flux_db, median_flux, mel_db, pulse

CLIPS, SAMPLES, RATE = 8, 384_000, 48_000
STEPS, SEEDS = 9, 2
NEAR_S = 0.025
TEMPOS = (90.0, 120.0, 150.0)
SETTINGS = {
    "as recorded, dry": EventSettings(full=0, newness=0),
    "default": EventSettings(),
    "full": EventSettings(full=1),
    "full, new": EventSettings(full=1, newness=1),
}

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class _Model:
    """One model with its events, and the recordings it is compared with."""

    engine: Events
    bank: EventBank
    reference: Reference
    held_distance: float
    flux: float
    pulse: float
    gathering_s: float
    minutes: float


def main() -> None:
    """Print rows as they are measured, then the table, a column for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    names: list[str] = arguments.models
    with ProcessPoolExecutor(len(names)) as pool:
        columns = dict(zip(names, pool.map(_column, [arguments.home] * len(names), names), strict=True))
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    lines += [f"| {row} | {' | '.join(columns[name][row] for name in names)} |" for row in columns[names[0]]]
    table = "\n".join([*lines, "", "`scripts/bench/bench_events.py`, which defines the rows."])
    print(table)
    if arguments.write:
        put_section("bench_events", "The events engine", table)


def _column(home: Path, name: str) -> dict[str, str]:
    """The rows of one model, measured in a process of its own on one thread."""
    torch.set_num_threads(1)
    rows = dict[str, str]()
    for row, value in _measured(_opened(home, name)):
        rows[row] = value
        print(f"{name}: {row}: {value}", file=sys.stderr, flush=True)
    return rows


def _opened(home: Path, name: str) -> _Model:
    folder = home / "models" / name
    codec, run = Codec.load(folder), read_run(folder)
    assert run is not None, f"{folder} has no run.json"
    material = Material.load(folder, codec)
    clips = open_parts(load_corpus(home / "corpora" / run.corpus), run.plan.split.held_out, codec.config)
    held = [_mono(codec.decode(codec.encode(clip.sound()).codes)) for clip in clips]
    train = [_mono(codec.decode(material.codes_of(take))) for take in material.takes]
    reference = Reference(train)
    began_s = time.process_time()
    bank = gather_events(material)
    assert bank is not None
    return _Model(
        engine=Events(material, bank),
        bank=bank,
        reference=reference,
        held_distance=reference.distance(held),
        flux=median_flux(train),
        pulse=float(np.mean([pulse(sound) for sound in train if len(sound) > 2 * RATE])),
        gathering_s=time.process_time() - began_s,
        minutes=material.seconds / 60,
    )


def _mono(sound: Sound) -> Sound:
    return sound if sound.ndim == 1 else sound.mean(0)


def _made(model: _Model, seed: int, settings: EventSettings) -> Output:
    output = model.engine.new(SAMPLES, seed, settings)
    assert output is not None
    return output


def _measured(model: _Model) -> Iterator[tuple[str, str]]:
    bank = model.bank
    singles = np.mean([event.is_single for event in bank.events])
    kinds = f"{len(bank.events)} ({singles:.0%}), {len(bank.patterns)}, {len(bank.drones)}"
    yield "events (single), rhythms, drones", kinds
    yield "gathering, CPU s a minute", f"{model.gathering_s / model.minutes:.1f}"
    for name, full in (("dry", 0.0), ("default fullness", EventSettings().full)):
        yield f"density, {name}: Spearman (≥ .9), error (≤ 20 %), onsets off the grid", _density(model, full)
    for name in ("brightness", "roughness", "attack"):
        yield f"{name}: Spearman (≥ .9), worst of the others (≤ .4)", _control(model, name)
    yield "a bar's likeness at 90, 120, 150 bpm over the recordings' pulse (≥ .9)", _tempos(model)
    for name, settings in SETTINGS.items():
        for row, value in _likeness(model, settings).items():
            yield f"**{name}**: {row}", value


def _likeness(model: _Model, settings: EventSettings) -> dict[str, str]:
    began_s = time.process_time()
    made = [_made(model, seed, settings) for seed in range(CLIPS)]
    spent_s = time.process_time() - began_s
    sounds = [_mono(output.audio) for output in made]
    codec = model.engine.material.codec
    strands = [_mono(codec.decode(output.codes, gain_db=output.gains_db))[:SAMPLES] for output in made]
    both = [model.reference.distance(clips) / model.held_distance for clips in (sounds, strands)]
    return {
        "distance over held-out: mix, strand": f"{both[0]:.2f}, {both[1]:.2f}",
        "median flux over the recordings' (≤ 1.2)": f"{median_flux(sounds) / model.flux:.2f}",
        "highest pulse over the recordings'": f"{np.mean([pulse(sound) for sound in sounds]) / model.pulse:.2f}",
        "verbatim frames; CPU s a second": f"{np.mean([o.verbatim for o in made]):.2f}; {spent_s / CLIPS / 8:.3f}",
    }


def _tempos(model: _Model) -> str:
    """Likeness of the flux to itself a bar later, at wanted tempos."""
    found = []
    for tempo in TEMPOS:
        alike = []
        for seed in range(CLIPS):
            flux = flux_db(mel_db(_mono(_made(model, seed, EventSettings(tempo=tempo)).audio)))
            flux = flux - flux.mean()
            lag = round(240 / tempo * 100)
            scale = len(flux) / (len(flux) - lag) / float(flux @ flux)
            alike.append(max(float(flux[one:] @ flux[:-one]) * scale for one in (lag - 1, lag, lag + 1)))
        found.append(f"{np.mean(alike) / model.pulse:.2f}")
    return ", ".join(found)


def other_onsets(sound: Sound) -> NDArray[np.float64]:
    """Onsets in seconds by the detector that the engine does not use."""
    size, hop, lag, reach = 1024, 240, 4, 8
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sound, size), size)[::hop] * np.hanning(size)
    edges = np.unique(np.geomspace(2, 512, 41).astype(int))
    bands = np.add.reduceat(np.abs(np.fft.rfft(frames)) ** 2, edges[:-1], axis=1)
    level = 10 * np.log10(bands / max(float(bands.max()), 1e-12) + 1e-6)
    rise = np.maximum(level[lag:] - level[:-lag], 0).mean(1)
    threshold = max(3.0, 0.25 * float(np.percentile(rise, 99)))
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(rise, reach), 2 * reach + 1).max(1)
    centre = lag / 2 * hop - size / 2  # of the rise, in the sound before it was padded
    return (np.flatnonzero((rise >= threshold) & (rise == highest)) * hop + centre) / RATE


def _density(model: _Model, full: float) -> str:
    steps, counted, errors, off = list[int](), list[int](), list[float](), list[float]()
    for step in range(STEPS):
        for seed in range(SEEDS):
            settings = EventSettings(full=full, density=step / (STEPS - 1))
            seed += SEEDS * step
            heard = other_onsets(_mono(_made(model, seed, settings).audio))
            slots = np.array([slot.at for slot in make_plan(model.bank, SAMPLES, seed, settings).slots]) / RATE
            steps.append(step)
            counted.append(len(heard))
            errors.append(abs(len(heard) - len(slots)) / len(slots))
            off.append(float(np.mean([np.abs(slots - one).min() > NEAR_S for one in heard])) if len(heard) else 0.0)
    return f"{spearman(steps, counted):.2f}, {np.mean(errors):.0%}, {np.mean(off):.0%}"


def _control(model: _Model, name: str) -> str:
    """How well a control orders what it says, and how much it moves the others."""
    columns = [DESCRIPTORS.index(one) for one in ("brightness", "roughness", "attack")]
    steps, rows = list[int](), list[NDArray[np.float32]]()
    for step in range(STEPS):
        for seed in range(SEEDS):
            settings = _with(name, step / (STEPS - 1))
            sound = _mono(_made(model, seed + SEEDS * step, settings).audio)
            sound = sound * np.float32(10 ** ((-20 - integrated_lufs(sound)) / 20))
            steps.append(step)
            rows.append(describe(torch.from_numpy(np.ascontiguousarray(sound))[None])[0].numpy()[columns])
    found = [spearman(steps, column) for column in np.array(rows).T]
    own = found.pop(("brightness", "roughness", "attack").index(name))
    return f"{own:.2f}, {max(abs(one) for one in found):.2f}"


def _with(name: str, value: float) -> EventSettings:
    make: dict[str, Callable[[], EventSettings]] = {
        "brightness": lambda: EventSettings(brightness=value),
        "roughness": lambda: EventSettings(roughness=value),
        "attack": lambda: EventSettings(attack=value),
    }
    return make[name]()


def spearman(first: Sequence[float], second: Sequence[float] | NDArray[np.float32]) -> float:
    """Rank correlation of two rows; equal values share the mean of their ranks."""
    ranks = []
    for values in (np.asarray(first, float), np.asarray(second, float)):
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((counts.cumsum() - counts / 2)[inverse])
    return float(np.corrcoef(*ranks)[0, 1])


if __name__ == "__main__":
    main()

"""Measure how far edits move a sound: nudge, mutate, blend and stretch, on decodes of five recordings.

    .venv/bin/python scripts/bench/bench_edits.py --recordings FOLDER --model NAME [--home FOLDER] [--write]

FOLDER holds the recordings that SOUNDS and PAIRS name (any folder with files of these names will do); the model is one
of the home, trained by `allele train` with its atlas. Edits go through daemon.edits and daemon.blending, as in the
daemon, and everything is measured on whole decodes, of strands whose level is 0 dB at first.

**nudge**: one step of a second of each sound. "centroid" is the ratio of the spectral centroid (daemon.atlas), "frames"
that of the mean centroid of short frames, "level" the RMS, "others" the largest change of any other descriptor, in
steps (daemon.atlas.descriptors.STEPS), and how many of the seven stay within a third of a step. "CPU" is the time of
the computation on one core. Then ten nudges, each of the result of the one before.

**mutate, blend, stretch**: "distance" is the mean absolute difference of log-mel spectra (64 bands, floor -60 dB), in
dB. "codec" is the distance of a recording from its own decode. "uneven" is the standard deviation of the change from
each half frame to the next over its mean: repeated frames make it large.
"""

import argparse
import os
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

# OpenMP threads that wait actively slow down every core that others use too; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.atlas.descriptors import DESCRIPTORS, STEPS, describe
from daemon.atlas.files import read_atlas
from daemon.atlas.table import Atlas
from daemon.blending.computations import compute
from daemon.codec.codec import Codec, Codes
from daemon.dsp.audio import Audio
from daemon.dsp.mel import mel_bands
from daemon.edits.operations import apply
from daemon.edits.timeline import nearest_frames
from daemon.edits.values import Computation, Grid, grid_of, write
from daemon.workers.clips import read_clip
from protocol.columns import gains_db
from protocol.edits import parse_edit
from protocol.places import default_home
from protocol.strands import Strand, StrandMeta, as_encoded

SOUNDS = ("loop_amen", "ambi_choir", "bass_hard_c", "elec_bell", "loop_garzul")
PAIRS = (
    ("loop_amen", "loop_tabla"),
    ("ambi_choir", "ambi_drone"),
    ("bass_hard_c", "bass_woodsy_c"),
    ("loop_garzul", "loop_mika"),
    ("elec_chime", "drum_cymbal_open"),
)
WAYS = ("mode=latent", "mode=levels", "align=dtw")
AMOUNTS = (0, 0.25, 0.5, 0.75, 1)
SECOND = 47  # frames
SEEDS = 5
SLACK_DB = 0.05  # of a distance that should not fall
Samples = NDArray[np.float32]


class Bench:
    """A model, its atlas, and sounds encoded with it."""

    def __init__(self, recordings: Path, model: Path) -> None:
        self.codec = Codec.load(model)
        config = self.codec.config
        self.atlas: Atlas = read_atlas(model, self.codec.codec_id, levels=config.levels, codebook=config.codebook_size)
        self._files = {path.stem: path for path in sorted(recordings.rglob("*")) if path.is_file()}
        self._sources: dict[str, Audio] = {}

    def source(self, name: str) -> Audio:
        """A recording, by the name of its file.

        Raises:
            SystemExit: the folder has no such file.
        """
        if name not in self._files:
            raise SystemExit(f"error: --recordings has no file called {name}")
        if name not in self._sources:
            self._sources[name] = read_clip(self._files[name], self.codec.config.channels).audio
        return self._sources[name]

    def grid(self, name: str) -> Grid:
        """The codes of a recording, as the input of an edit."""
        return self.as_grid(name, self.codec.encode(self.source(name)).codes)

    def as_grid(self, name: str, codes: Codes) -> Grid:
        """Codes as the input of an edit."""
        meta = StrandMeta(
            name=name, model="model", codec_id=self.codec.codec_id, codebook=self.codec.config.codebook_size,
            levels=codes.shape[0], frames=codes.shape[1], samples=codes.shape[1] * self.codec.config.hop_length,
        )  # fmt: skip
        return grid_of(name, as_encoded(meta, codes))

    def edit(self, text: str, grid: Grid, *others: Grid) -> Strand:
        """The strand after an edit."""
        step = apply(parse_edit(text), grid, {other.id: other for other in others}, {})
        while isinstance(step, Computation):
            atlas = (self.atlas,) if step.needs_atlas else ()
            step = step.finish(compute(self.codec, step.kind, step.settings, step.inputs, *atlas))
        return write(grid.strand, step.changes[0])

    def sound(self, made: Strand | Codes, frames: slice = slice(None)) -> Samples:
        """A decode in mono, of some frames only if they are given. A strand has levels, codes alone have none."""
        codes, gains = (made.codes, gains_db(made.columns)) if isinstance(made, Strand) else (made, 0.0)
        whole = np.atleast_2d(self.codec.decode(codes, gain_db=gains)).mean(0)
        hop = self.codec.config.hop_length
        return whole[slice(*(None if at is None else at * hop for at in (frames.start, frames.stop)))]


def main() -> None:
    """Measure, print, and put the tables into docs/BENCHMARKS.md if requested."""
    parser = argparse.ArgumentParser(description="How far edits move a sound.")
    parser.add_argument("--recordings", type=Path, required=True, help="a folder with the recordings, at any depth")
    parser.add_argument("--home", type=Path, default=None, help="where models are ($ALLELE_HOME)")
    parser.add_argument("--model", required=True, help="a model with an atlas")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    bench = Bench(arguments.recordings, (arguments.home or default_home()) / "models" / arguments.model)
    parts: list[str] = []
    for rows in (nudges, ten_nudges, mutations, blends, stretches):
        parts.append("\n".join(rows(bench)))
        print(parts[-1], end="\n\n", flush=True)
    if arguments.write:
        words = f"{bench.codec.config.levels} levels × {bench.codec.config.codebook_size} codes"
        text = "\n\n".join([*parts, f"{words}; one core; `scripts/bench/bench_edits.py`, which defines the columns."])
        put_section("bench_edits", "Edits: how far they move a sound", text)


def nudges(bench: Bench) -> list[str]:
    """One step in four directions on a second of every sound."""
    rows = ["| sound | nudge | centroid | frames | level dB | others | held of 7 | cells | CPU ms |"]
    rows.append("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for name in SOUNDS:
        grid = bench.grid(name)
        first = 10 if grid.frames > SECOND + 20 else 0
        place = slice(first, min(grid.frames, first + SECOND))
        for direction in ("brighter", "darker", "louder", "softer"):
            began = time.process_time()
            after = bench.edit(f"nudge {direction} @{place.start}:{place.stop}", grid)
            spent_ms = 1000 * (time.process_time() - began)
            wanted = 0 if direction in ("louder", "softer") else 1
            change, words = compared(bench, grid.strand, after, place)
            others = np.abs(np.delete(change, wanted))
            cells = (after.codes != grid.codes)[:, place].mean()
            held = int((others <= 1 / 3).sum())
            rows.append(
                f"| {name} | {direction} | {words} | {others.max():.2f} | {held} | {cells:.0%} | {spent_ms:.0f} |"
            )
    return rows


def ten_nudges(bench: Bench) -> list[str]:
    """Ten nudges in a row: the steps made, their ratios, and the level after the last one."""
    rows = [
        "| sound | ten times | steps made | centroid after each | level dB after the last |",
        "|---|---|---:|---|---:|",
    ]
    for name in SOUNDS:
        for direction in ("brighter", "darker"):
            grid = bench.grid(name)
            first = 10 if grid.frames > SECOND + 20 else 0
            place = slice(first, min(grid.frames, first + SECOND))
            ratios, codes = list[str](), grid.codes
            for _ in range(10):
                after = bench.edit(f"nudge {direction} @{place.start}:{place.stop}", bench.as_grid(name, codes)).codes
                if np.array_equal(after, codes):
                    break
                codes = after
                ratios.append(f"{2 ** (compared(bench, grid.codes, codes, place)[0][1] * STEPS[1]):.2f}")
            level = level_db(bench.sound(codes, place)) - level_db(bench.sound(grid.codes, place))
            rows.append(f"| {name} | {direction} | {len(ratios)} | {' '.join(ratios)} | {level:+.1f} |")
    return rows


def compared(
    bench: Bench, before: Strand | Codes, after: Strand | Codes, place: slice
) -> tuple[NDArray[np.floating], str]:
    """Changes of the descriptors in steps, and three cells of a row: centroid, centroid of frames, level."""
    one, other = bench.sound(before, place), bench.sound(after, place)
    was, now = describe(torch.from_numpy(np.stack([one, other]))).numpy() / np.array(STEPS)
    change = now - was
    ratio = 2 ** (change[DESCRIPTORS.index("brightness")] * STEPS[1])
    frames = frame_centroid_hz(other) / frame_centroid_hz(one)
    return change, f"×{ratio:.2f} | ×{frames:.2f} | {level_db(other) - level_db(one):+.1f}"


def mutations(bench: Bench) -> list[str]:
    """Distance of mutations of three strengths from the unchanged decode."""
    rows = ["| sound | codec | mutate 0.1 | 0.3 | 0.6 |", "|---|---:|---:|---:|---:|"]
    for name in SOUNDS:
        grid, source = bench.grid(name), bench.source(name)
        encoded = bench.codec.encode(source)
        decoded = bench.codec.decode(encoded.codes, samples=encoded.samples, gain_db=encoded.gain_db)
        error = distance_db(np.atleast_2d(source).mean(0), np.atleast_2d(decoded).mean(0))
        plain = bench.sound(grid.codes)
        away = [
            np.mean([
                distance_db(plain, bench.sound(bench.edit(f"mutate {strength} seed={seed}", grid)))
                for seed in range(SEEDS)
            ])
            for strength in (0.1, 0.3, 0.6)
        ]  # fmt: skip
        rows.append(f"| {name} | {error:.1f} | {' | '.join(f'{value:.1f}' for value in away)} |")
    return rows


def blends(bench: Bench) -> list[str]:
    """Distances of blends from both sounds, at five amounts."""
    at = " ".join(f"{amount:g}" for amount in AMOUNTS)
    rows = [f"| A, B | blend | distance to A at {at} | to B | both monotone |", "|---|---|---|---|---|"]
    for names in PAIRS:
        one, other = (bench.grid(name) for name in names)
        for way in WAYS:
            width = one.frames if way == "align=dtw" else min(one.frames, other.frames)
            mine = bench.as_grid("a", one.codes[:, :width])
            made = [
                bench.sound(bench.edit(f"blend b {x} {way}", mine, bench.as_grid("b", other.codes))) for x in AMOUNTS
            ]
            theirs = (
                other.codes[:, nearest_frames(other.frames, width)] if way == "align=dtw" else other.codes[:, :width]
            )
            ends = bench.sound(mine.codes), bench.sound(theirs)
            to_a, to_b = ([distance_db(sound, end) for sound in made] for end in ends)
            is_monotone = rises(to_a) and rises(to_b[::-1])
            lists = " | ".join(" ".join(f"{value:.1f}" for value in values) for values in (to_a, to_b))
            rows.append(f"| {', '.join(names)} | {way} | {lists} | {'yes' if is_monotone else 'no'} |")
    return rows


def stretches(bench: Bench) -> list[str]:
    """Evenness and level of stretched sounds, beside repeated frames and the sound itself."""
    rows = [
        "| sound | factor | uneven: itself | frames repeated | stretch | level dB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in SOUNDS:
        grid = bench.grid(name)
        plain = bench.sound(grid.codes)
        for factor in (1.5, 2, 4):
            after = bench.edit(f"stretch {factor}", grid)
            repeated = bench.sound(grid.codes[:, nearest_frames(grid.frames, after.codes.shape[1])])
            made = bench.sound(after)
            values = " | ".join(f"{uneven(sound):.2f}" for sound in (plain, repeated, made))
            rows.append(f"| {name} | {factor} | {values} | {level_db(made) - level_db(plain):+.1f} |")
    return rows


def log_mel_db(sound: Samples, hop: int = 512) -> NDArray[np.float32]:
    """Log-mel spectra of 64 bands, (frames, 64), in dB."""
    frames = torch.from_numpy(np.ascontiguousarray(sound)).unfold(-1, 2048, hop) * torch.hann_window(2048)
    bands = torch.fft.rfft(frames).abs() @ mel_bands(2048, 64, 48_000, torch.device("cpu"))
    return (20 * (bands + 1e-3).log10()).numpy()


def distance_db(one: Samples, other: Samples) -> float:
    """Mean absolute difference of two sounds' log-mel spectra."""
    length = min(len(one), len(other))
    return float(np.abs(log_mel_db(one[:length]) - log_mel_db(other[:length])).mean())


def uneven(sound: Samples) -> float:
    """Deviation of the change between neighbouring spectra, over its mean."""
    steps = np.abs(np.diff(log_mel_db(sound, 1024), axis=0)).mean(1)
    return float(steps.std() / steps.mean())


def frame_centroid_hz(sound: Samples) -> float:
    """Mean spectral centroid of the frames within 40 dB of the loudest."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::256] * np.hanning(1024)
    magnitude = np.abs(np.fft.rfft(frames))
    energy = np.square(magnitude).sum(1)
    centroid = (magnitude * np.fft.rfftfreq(1024, 1 / 48_000)).sum(1) / (magnitude.sum(1) + 1e-9)
    return float(centroid[energy > 1e-4 * energy.max()].mean())


def level_db(sound: Samples) -> float:
    """The RMS level of a sound, in dB."""
    return float(10 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-12))


def rises(values: Sequence[float]) -> bool:
    """Whether a list of distances never falls."""
    return all(after >= before - SLACK_DB for before, after in pairwise(values))


if __name__ == "__main__":
    main()

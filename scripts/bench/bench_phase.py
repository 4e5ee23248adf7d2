"""What the codec keeps of a waveform: phase, low band, onsets, level; on recordings it has not seen, at fixed steps.

    python scripts/bench/bench_phase.py [--steps 200] [--seeds 1 2] [--unseen FOLDER ...] [--set levels=8 ...]

Trains on `--corpus` (default `scripts/demo`) with the default plan for exactly `--steps` steps on one thread, and
judges the averaged codec, quantised, on three groups: the held-out files of each seed, those recordings of `--unseen`
that are not in the corpus (all, and folder by folder), and four synthetic tones. At most 3 s of a sound.

**mel** and **stft** as in `daemon.dsp.measure`. **SI-SDR** in dB of the whole and below 500 Hz and 1 kHz. **onset**:
correlation of onset strengths every 2 ms (rises of log energy in four bands, windows of 4 ms). **20-250** and
**250-1k**: level of the decode in that band less the source's, dB, mean of absolute values. **peak**: the same of the
largest sample.
**loud**: loudness of the decode before encoding's own correction, less the source's. `--set` changes fields of
`CodecConfig`, `--recipe` those of `Recipe`; `--rows` prints every sound.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TypeVar

from daemon.corpus.clips import open_parts

# One thread, waiting passively: other work on the same cores then costs time but changes nothing.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import msgspec
import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.loudness import clip_gain_db
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.dsp.loudness import integrated_lufs
from daemon.dsp.measure import mel_distance, si_sdr_db, stft_distance
from daemon.runs.spec import Recipe, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import FINAL_USAGE_FRAMES, code_usage
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus

Sound = NDArray[np.float32]
Shape = TypeVar("Shape", CodecConfig, Recipe)
ROOT = Path(__file__).resolve().parents[2]
RATE = 48_000
LONGEST = 3 * RATE
COLUMNS = ("mel", "stft", "SI-SDR", "<500", "<1k", "onset", "20-250", "250-1k", "peak", "loud")
SIGNED = COLUMNS[6:]


def main() -> None:
    """Train once a seed, judge, print a table."""
    wish = _arguments()
    torch.set_num_threads(1)
    print(f"| seed | sounds | {' | '.join(COLUMNS)} | lowest use | ms/step |\n|{'---|' * (len(COLUMNS) + 4)}")
    for seed in wish.seeds:
        with tempfile.TemporaryDirectory() as scratch:
            _one_seed(wish, seed, Path(scratch))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure phase, low band and onsets on unseen sounds.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument(
        "--unseen", type=Path, nargs="*", default=[], help="recordings; those of the corpus are left out"
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="each holds out other files")
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="of CodecConfig")
    parser.add_argument("--recipe", nargs="*", default=[], metavar="FIELD=VALUE", help="of Recipe")
    parser.add_argument("--rows", action="store_true", help="print every sound")
    return parser.parse_args()


def _one_seed(wish: argparse.Namespace, seed: int, scratch: Path) -> None:
    ingest([wish.corpus], scratch / "corpus")
    corpus = load_corpus(scratch / "corpus")
    split = split_corpus(corpus, seed)
    plan, _ = make_plan(TrainingSpec(steps=wish.steps, seed=seed), split, is_gpu=False)
    plan = replace(plan, codec=_changed(plan.codec, wish.set), recipe=_changed(plan.recipe, wish.recipe))
    clips = open_parts(corpus, split.train, plan.codec)
    learner = CodecSteps(plan, clips, seed, torch.device("cpu"))
    began = time.process_time()
    for step in range(wish.steps):
        learner.step(step / wish.steps)
    ms = 1000 * (time.process_time() - began) / max(1, wish.steps)
    codec = Codec(learner.settled())
    lowest = min(level.utilisation for level in code_usage(codec, clips, FINAL_USAGE_FRAMES))
    held_out = {Path(clip.name).stem: clip.mono() for clip in open_parts(corpus, split.held_out, plan.codec)}
    unseen = _unseen(wish.unseen, scratch, {record.sha256 for record in corpus.usable})
    for name, sounds in {"held out": held_out, **unseen, "tones": tones()}.items():
        figures = {key: judge(codec, sound[:LONGEST]) for key, sound in sounds.items()}
        if figures:
            _print(f"{seed} | {name}", list(figures.values()), f"{lowest:.0%} | {ms:.0f}")
        for key, each in figures.items() if wish.rows else ():
            _print(f"{seed} | {key}", [each], " | ")


def _changed(part: Shape, wishes: list[str]) -> Shape:
    given = dict(wish.split("=", 1) for wish in wishes)
    return replace(part, **{field: msgspec.json.decode(value) for field, value in given.items()})


def _unseen(paths: list[Path], scratch: Path, known: set[str]) -> dict[str, dict[str, Sound]]:
    """All recordings that are not known, and, where they are of several folders, those of each."""
    groups: dict[str, dict[str, Sound]] = {"unseen": {}}
    if not paths:
        return groups
    ingest(paths, scratch / "unseen")
    corpus = load_corpus(scratch / "unseen")
    for record in corpus.usable:
        if record.sha256 not in known:
            source = Path(record.source)
            sound = np.asarray(corpus.audio(record).mean(0), np.float32)
            for group in ("unseen", source.parent.name):
                groups.setdefault(group, {})[f"{source.parent.name}/{source.stem}"] = sound
    return groups if len(groups) > 2 else {"unseen": groups["unseen"]}


def tones() -> dict[str, Sound]:
    """Two sines, a bell of four partials, and a drum that falls from 175 to 45 Hz."""
    t = np.arange(3 * RATE // 2) / RATE
    bell = sum(
        level * np.sin(2 * np.pi * hz * t) * np.exp(-rate * t)
        for hz, level, rate in ((440, 1, 1.5), (1214, 0.6, 2), (2377, 0.4, 3), (3929, 0.25, 4))
    )
    drum = np.sin(2 * np.pi * (45 * t + 130 / 30 * (1 - np.exp(-30 * t)))) * np.exp(-7 * t)
    made = {"sine 110": 0.3 * np.sin(2 * np.pi * 110 * t), "sine 330": 0.3 * np.sin(2 * np.pi * 330 * t)}
    made |= {"bell": 0.2 * bell, "drum": 0.7 * drum[:RATE]}
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def judge(codec: Codec, source: Sound) -> dict[str, float]:
    """Every column for one `(L,)` sound; nan where a band holds nothing."""
    made = codec.encode(source)
    decoded = codec.decode(made.codes, samples=made.samples, gain_db=made.gain_db)
    correction_db = made.gain_db + clip_gain_db(source, codec.config)
    return {
        "mel": mel_distance(source, decoded),
        "stft": stft_distance(source, decoded),
        "SI-SDR": si_sdr_db(source, decoded),
        "<500": si_sdr_db(band(source, 0, 500), band(decoded, 0, 500)),
        "<1k": si_sdr_db(band(source, 0, 1000), band(decoded, 0, 1000)),
        "onset": onset_likeness(source, decoded),
        "20-250": _level_db(source, decoded, 20, 250),
        "250-1k": _level_db(source, decoded, 250, 1000),
        "peak": 20 * float(np.log10(np.abs(decoded).max() / np.abs(source).max() + 1e-9)),
        "loud": integrated_lufs(decoded) - correction_db - integrated_lufs(source),
    }


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """The sound between two frequencies; slopes of a logistic a thirtieth of the edge wide."""
    padded = 1 << (sound.size + 4096).bit_length()
    hz = np.fft.rfftfreq(padded, 1 / RATE)
    kept = 1 / (1 + np.exp(np.clip((hz - high_hz) / (0.03 * high_hz), -50, 50)))
    if low_hz:
        kept /= 1 + np.exp(np.clip((low_hz - hz) / (0.03 * low_hz), -50, 50))
    return np.fft.irfft(np.fft.rfft(sound.astype(np.float64), padded) * kept, padded)[: sound.size].astype(np.float32)


def onset_likeness(source: Sound, decoded: Sound) -> float:
    """Correlation of two onset curves; nan for a sound without any."""
    a, b = _onsets(source), _onsets(decoded)
    return float(np.corrcoef(a, b)[0, 1]) if min(a.std(), b.std()) > 1e-6 else float("nan")


def _onsets(sound: Sound, hop: int = 96, window: int = 192) -> NDArray[np.float64]:
    padded = np.pad(sound, (window, window)).astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop] * np.hanning(window)
    energy = np.add.reduceat(np.square(np.abs(np.fft.rfft(frames, axis=1))), [0, 4, 12, 32], axis=1)
    logs = np.log(energy + energy.max() * 1e-5 + 1e-12)
    return np.maximum(0, logs[2:] - logs[:-2]).sum(axis=1)


def _level_db(source: Sound, decoded: Sound, low_hz: float, high_hz: float) -> float:
    wanted, got = (float(np.square(band(sound, low_hz, high_hz)).sum()) for sound in (source, decoded))
    whole = float(np.square(source).sum())
    return 10 * float(np.log10((got + 1e-9 * whole) / wanted)) if wanted > 1e-4 * whole else float("nan")


def _print(name: str, figures: list[dict[str, float]], rest: str) -> None:
    def mean(column: str) -> float:
        values = np.array([each[column] for each in figures])
        known = values[~np.isnan(values)]
        if known.size == 0:
            return float("nan")
        return float(np.abs(known).mean() if column in SIGNED and known.size > 1 else known.mean())

    cells = [
        f"{mean(column):.3f}" if column in ("mel", "stft", "onset") else f"{mean(column):.1f}" for column in COLUMNS
    ]
    print(f"| {name} | {' | '.join(cells)} | {rest} |", flush=True)


if __name__ == "__main__":
    main()

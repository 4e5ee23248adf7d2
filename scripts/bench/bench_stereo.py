"""What a stereo model is worth beside a mono one, trained on the same files for the same steps: docs/adr/0007-stereo.md

    scripts/bench/bench_stereo.py                             the demo recordings that are heard to be stereo, 120 steps
    scripts/bench/bench_stereo.py --files a.wav b.flac --steps 200 --seeds 1 2

Both are judged on the held-out files of the seed that are heard to be stereo. `mid` is the official measure (of the
mono mean, so it also says what is left when a decode is summed to mono), `side` the same of half the difference, `ears`
that of left and right, averaged; lower is better. A mono model's decode has no side, and its `side` is the distance to
silence. `widths` are the side's shares of the energy in dB below 300 Hz, up to 3 kHz, and above, of the sources,
then of the decodes. `lows` is the SI-SDR of left and right below 200 Hz, dB. `balance` is how far left against right is
off, dB. `narrow` is the side of decodes of the same files made mono, dB under the mid. `s/step` is processor time,
evaluations and all: compare it within a run only.
"""

import argparse
import itertools
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from daemon.corpus.clips import Clip, open_parts
from daemon.dsp.audio import Audio

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance, mono, si_sdr_db, side_distance
from daemon.dsp.width import width_db
from daemon.runs.folder import read_run
from daemon.runs.spec import TrainingSpec
from daemon.training import sizing
from daemon.training.codec_run import train

DEMO = Path(__file__).parents[1] / "demo"
EDGES_HZ = (0, 300, 3_000, 24_000)
LONGEST_S = 8.0
PRESET = "small"  # what `auto` takes on a CPU, and the shape that --side-bands changes


@dataclass(frozen=True)
class Row:
    """One model's figures, means over files."""

    mid: float
    side: float
    ears: float
    widths: list[float]
    lows_db: float
    balance_db: float
    narrow_db: float


def main() -> None:
    """Train each model of each seed and print its line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", type=Path, help="recordings (default: those of the demo)")
    parser.add_argument("--steps", type=int, default=120, help="of each training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of weights, crops and what is held out")
    parser.add_argument("--channels", type=int, nargs="+", default=[1, 2], help="1: mono, 2: stereo")
    parser.add_argument("--levels", type=int, help="of the grid (default: the preset's)")
    parser.add_argument("--side-bands", type=int, default=sizing.SIDE_BANDS, help="of a stereo model")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    sizing.STEREO[PRESET] = sizing.with_side(PRESET, asked.side_bands, sizing.SIDE_LEVELS)
    work = Path(tempfile.mkdtemp(prefix="bench-stereo-"))
    try:
        ingest([path.resolve() for path in asked.files or stereo_demo(work / "demo")], work / "corpus")
        for seed in asked.seeds:
            for channels in asked.channels:
                run = work / f"{channels}-{seed}"
                took_s = fit(work / "corpus", run, asked, channels, seed)
                show(work / "corpus", run, channels, seed, took_s / asked.steps)
    finally:
        shutil.rmtree(work)


def stereo_demo(scratch: Path) -> list[Path]:
    """The demo recordings whose width is heard."""
    ingest([DEMO], scratch)
    return [Path(record.source) for record in load_corpus(scratch).usable if record.pair and record.pair.is_stereo]


def fit(corpus: Path, run: Path, asked: argparse.Namespace, channels: int, seed: int) -> float:
    """Train one model into `run`; seconds of processor time, evaluations and all."""
    began_s = time.process_time()
    spec = TrainingSpec(preset=PRESET, steps=asked.steps, seed=seed, channels=channels, levels=asked.levels)
    train(spec, corpus, run)
    return time.process_time() - began_s


def show(corpus: Path, run_dir: Path, channels: int, seed: int, step_s: float) -> None:
    """Judge a model on what it did not learn from and print its line, the sources' widths beside its own."""
    codec, run = Codec.load(run_dir), read_run(run_dir)
    assert run is not None
    wide = [clip for clip in held_out(corpus, run_dir) if width_db(clip.sound(0, length_of(clip))) > -30]
    sounds = [clip.sound(0, length_of(clip)) for clip in wide]
    row = judge(codec, sounds)
    source = " ".join(f"{value:6.1f}" for value in band_widths(sounds))
    decode = " ".join(f"{value:6.1f}" for value in row.widths)
    print(
        f"seed {seed} channels {channels} levels {codec.config.levels} files {len(sounds)}  "
        f"mid {row.mid:.3f}  side {row.side:.3f}  ears {row.ears:.3f}  widths {source} -> {decode}  "
        f"lows {row.lows_db:.1f}  balance {row.balance_db:.1f}  narrow {row.narrow_db:.1f}  s/step {step_s:.2f}",
        flush=True,
    )


def length_of(clip: Clip) -> int:
    """Samples of it that are judged, at most LONGEST_S."""
    return min(clip.samples, int(LONGEST_S * 48_000))


def held_out(corpus: Path, run_dir: Path) -> list[Clip]:
    """The held-out files of a run, in two channels whatever the model."""
    run = read_run(run_dir)
    assert run is not None
    config = run.plan.codec
    pair = replace(config, channels=2, side_bands=1, latent=config.latent + 2) if config.channels == 1 else config
    return open_parts(load_corpus(corpus), run.plan.split.held_out, pair)


def judge(codec: Codec, sounds: list[Audio]) -> Row:
    """A model's figures over sounds, each `(2, L)`."""
    pairs = [(sound, decoded(codec, sound)) for sound in sounds]
    narrow = [width_db(decoded(codec, np.stack([mono(sound)] * 2))) for sound in sounds]
    return Row(
        mid=float(np.mean([mel_distance(a, b) for a, b in pairs])),
        side=float(np.mean([side_distance(a, b) for a, b in pairs])),
        ears=float(np.mean([mel_distance(a[c], b[c]) for a, b in pairs for c in (0, 1)])),
        widths=band_widths([b for _, b in pairs]),
        lows_db=float(np.mean([si_sdr_db(lows(a[c]), lows(b[c])) for a, b in pairs for c in (0, 1)])),
        balance_db=float(np.mean([abs(balance_db(a) - balance_db(b)) for a, b in pairs])),
        narrow_db=float(np.mean(narrow)),
    )


def decoded(codec: Codec, sound: Audio) -> Audio:
    """`(2, L)` through the codec; a mono codec is given the mean and gives two equal channels."""
    made = codec.encode(sound if codec.config.channels == 2 else mono(sound))
    out = codec.decode(made.codes, samples=made.samples, gain_db=made.gain_db)
    return out if out.ndim == 2 else np.stack([out, out])


def band_widths(sounds: list[Audio]) -> list[float]:
    """Side over mid in dB in each band, mean over sounds, each at least -60."""
    rows = []
    for left, right in sounds:
        mid, side = (np.abs(np.fft.rfft(x)) ** 2 for x in (left + right, left - right))
        hz = np.fft.rfftfreq(left.size, 1 / 48_000)
        inside = [(hz >= lo) & (hz < hi) for lo, hi in itertools.pairwise(EDGES_HZ)]
        rows.append([max(-60.0, 10 * np.log10((side[m].sum() + 1e-9) / (mid[m].sum() + 1e-9))) for m in inside])
    return np.mean(rows, axis=0).tolist()


def lows(channel: Audio) -> Audio:
    """What of it lies below 200 Hz."""
    spectrum = np.fft.rfft(channel)
    spectrum[round(200 * channel.size / 48_000) :] = 0
    return np.fft.irfft(spectrum, channel.size).astype(np.float32)


def balance_db(pair: Audio) -> float:
    """Left over right."""
    left, right = (float(np.square(channel, dtype=np.float64).sum()) + 1e-9 for channel in pair)
    return 10 * np.log10(left / right)


if __name__ == "__main__":
    main()

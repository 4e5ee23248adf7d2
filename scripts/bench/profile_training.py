"""Where the time of a training step goes, on this machine.

    python scripts/bench/profile_training.py [--corpus FOLDER] [--preset small] [--steps 12] [--threads 1] [--rows 18]

Prints milliseconds of making a batch, of a step (its batch included), and of a step with the gradient of magnitudes
left to autograd (what `daemon.dsp.mel` replaces), taken in turns in one run because other work shares the cores; then
torch's own profile of the step. Nothing is written.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from daemon.corpus.clips import open_parts

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

import daemon.training.losses as training_losses
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.dsp.framing import hann
from daemon.dsp.mel import magnitudes
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.crops import CropSampler
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus

ROOT = Path(__file__).resolve().parents[2]
QUANTIZING = 0.2  # share of a run at which the quantiser and its dropout are on


def main() -> None:
    """Measure and print."""
    wish = _arguments()
    torch.set_num_threads(wish.threads)
    with tempfile.TemporaryDirectory() as scratch:
        ingest([wish.corpus], Path(scratch) / "corpus")
        corpus = load_corpus(Path(scratch) / "corpus")
        split = split_corpus(corpus, 1)
        plan, words = make_plan(TrainingSpec(steps=100, preset=wish.preset), split, is_gpu=False)
        clips = open_parts(corpus, split.train, plan.codec)
        learner = CodecSteps(plan, clips, 1, torch.device("cpu"))
        sampler = CropSampler(clips, plan.recipe, plan.codec.hop_length, 1)
        for _ in range(2):
            learner.step(QUANTIZING)
        times = _in_turns(learner, sampler, wish.steps)
        print(f"{'; '.join(words)}; {wish.threads} threads, load {os.getloadavg()[0]:.1f}")
        for name, values in times.items():
            print(f"{name:42s} {1000 * median(values):7.1f} ms a step (median of {len(values)}, processor time)")
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            for _ in range(4):
                learner.step(QUANTIZING)
        table = profiled.key_averages().table(sort_by="self_cpu_time_total", row_limit=wish.rows)
        print("\n".join(line[:160] for line in table.splitlines()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Profile a training step.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument("--preset", default="small", choices=["toy", "tiny", "small", "base"])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=int, default=18)
    return parser.parse_args()


def _in_turns(learner: CodecSteps, sampler: CropSampler, steps: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"making a batch": [], "a step": [], "a step, magnitudes left to autograd": []}
    for number in range(steps):
        for name, work in (
            ("making a batch", lambda n=number: sampler.batch(n)),
            ("a step", lambda: learner.step(QUANTIZING)),
            ("a step, magnitudes left to autograd", lambda: _with_autograd(lambda: learner.step(QUANTIZING))),
        ):
            began = time.process_time()
            work()
            times[name].append(time.process_time() - began)
    return times


def _with_autograd(work: Callable[[], object]) -> None:
    training_losses.magnitudes = _plain_magnitudes
    try:
        work()
    finally:
        training_losses.magnitudes = magnitudes


def _plain_magnitudes(audio: Tensor, n_fft: int) -> Tensor:
    half = n_fft // 2
    frames = F.pad(audio[:, None], (half, half), mode="reflect")[:, 0].unfold(-1, n_fft, n_fft // 4)
    spectrum = torch.fft.rfft(frames * hann(n_fft, audio.device), dim=-1)
    return (spectrum.real.square() + spectrum.imag.square() + 1e-14).sqrt()


if __name__ == "__main__":
    main()

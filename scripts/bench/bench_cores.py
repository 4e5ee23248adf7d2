"""Measure the gain of several cores for a training step, and of making its crops ahead.

    .venv/bin/python scripts/bench/bench_cores.py [--corpus FOLDER] [--preset small] [--rounds 30] [--write]

Times steps of one plan in turns, in one run, by the clock on the wall: on one core with the crops made in the step;
with PyTorch's own threads, which share each operation out; with the crops made ahead; and with the batch in as many
shards as there are cores (`daemon.training.shards`). Then it counts how many batches of the preset for accelerators
threads make in a second, which shows whether such a device has to wait. `--write` puts the table into
docs/BENCHMARKS.md. The machine should be otherwise idle.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from unittest import mock

from daemon.corpus.clips import Clip, open_parts

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from benchmark_page import put_section
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.runs.spec import Plan, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.crops import CropSampler
from daemon.training.prefetch import Prefetch
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus

ROOT = Path(__file__).resolve().parents[2]
QUANTIZING = 0.2  # share of a run at which the quantiser and its dropout are on
WARM = 4
CPU = torch.device("cpu")
STEPS_MODULE = "daemon.training.codec_steps"


def main() -> None:
    """Measure and print; with --write also update docs/BENCHMARKS.md."""
    arguments = _arguments()
    cores = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as scratch:
        ingest([arguments.corpus], Path(scratch) / "corpus")
        corpus = load_corpus(Path(scratch) / "corpus")
        split = split_corpus(corpus, 1)

        def planned(preset: str) -> tuple[Plan, list[Clip]]:
            plan, _ = make_plan(TrainingSpec(steps=100, preset=preset), split, is_gpu=False)
            return plan, open_parts(corpus, split.train, plan.codec)

        text = f"{_steps(*planned(arguments.preset), cores, arguments)}\n\n{_batches(*planned('base'), cores)}"
    note = f"{cores} cores, torch {torch.__version__}, load {os.getloadavg()[0]:.1f} when this was written"
    text += f"\n\n{note}; `scripts/bench/bench_cores.py`."
    print(text)
    if arguments.write:
        put_section("bench_cores", "A training step on several cores", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time training steps by the cores they take.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument("--preset", default="small", choices=["tiny", "small", "base"])
    parser.add_argument("--rounds", type=int, default=30, help="steps of each kind (30)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error("at least two rounds")
    return arguments


def _steps(plan: Plan, clips: list[Clip], cores: int, arguments: argparse.Namespace) -> str:
    def learner() -> CodecSteps:
        return CodecSteps(plan, clips, 1, CPU)

    kinds: dict[str, tuple[CodecSteps, int, Callable[[CodecSteps], object]]] = {
        "one core, crops made in the step": (learner(), 1, _in_turn),
        f"{cores} threads of PyTorch's, crops made in the step": (learner(), cores, _shared_out),
        "one core, crops made ahead": (learner(), 1, lambda one: one.step(QUANTIZING)),
        f"{cores} shards, crops made ahead": (learner(), cores, lambda one: one.step(QUANTIZING)),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(WARM + arguments.rounds):
        for name, (one, threads, work) in kinds.items():
            torch.set_num_threads(threads)
            began = time.perf_counter()
            work(one)
            times[name].append(time.perf_counter() - began)
    figures = {name: 1000 * median(values[WARM:]) for name, values in times.items()}
    first = next(iter(figures.values()))
    rows = [f"| {name} | {ms:.0f} | {first / ms:.2f}× |" for name, ms in figures.items()]
    title = f"preset {arguments.preset}, {plan.recipe.batch} crops"
    head = f"| {title} | ms a step, median of {arguments.rounds} | steps in a time |"
    return "\n".join([head, "|---|---|---|", *rows])


def _in_turn(learner: CodecSteps) -> None:
    """Run a step that makes its own crops."""
    with mock.patch.object(Prefetch, "take", lambda self, step: self._make(step)):
        learner.step(QUANTIZING)


def _shared_out(learner: CodecSteps) -> None:
    """Run a step of one shard whose operations use PyTorch's threads."""
    with (
        mock.patch(f"{STEPS_MODULE}.shards_for", lambda *_: 1),
        mock.patch(f"{STEPS_MODULE}.one_thread", lambda _: nullcontext()),
    ):
        _in_turn(learner)


def _batches(plan: Plan, clips: list[Clip], cores: int) -> str:
    sampler = CropSampler(clips, plan.recipe, plan.codec.hop_length, 1)
    rows: list[str] = []
    for threads in sorted({1, cores}):
        batches = Prefetch(sampler.batch, threads=threads)
        batches.take(0)
        began = time.perf_counter()
        for step in range(1, 25):
            batches.take(step)
        rows.append(f"| {threads} | {24 / (time.perf_counter() - began):.1f} |")
    seconds = plan.recipe.crop_frames / plan.codec.frame_rate
    head = f"| threads that make batches of {plan.recipe.batch} crops of {seconds:.1f} s (preset base) | a second |"
    return "\n".join([head, "|---|---|", *rows])


if __name__ == "__main__":
    main()

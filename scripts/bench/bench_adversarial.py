"""What the adversarial end of a training is worth, on recordings that nobody learned from.

    nice python scripts/bench/bench_adversarial.py [--corpus scripts/demo] [--steps 200] [--folds 2] [--seed 0]

On each fold of `bench_codec.py` the codec is trained on one thread for exactly `--steps` steps, of which the last 30 %
are steps like the others (none), steps of the decoder alone against the adversary of `daemon/training/adversary.py` at
its usual shares of the gradient (usual), at three and four times these (strong), and of its features alone (features).
The guard against harm, which would end most of these, is off. Judged are the averaged weights: mel and stft, SI-SDR
after alignment, likeness of onsets (`bench_phase.py`), and ViSQOL and Zimtohrli where the extra `bench` is installed.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from daemon.corpus.clips import Clip, open_parts

# One thread, waiting passively: other work on the same cores then costs time but changes nothing.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np
import torch
from msgspec.structs import replace

from bench_phase import onset_likeness
from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.codec.format import FORMAT_VERSION
from daemon.corpus.records import load_corpus
from daemon.runs.spec import Plan, Recipe, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import round_trip
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus
from peers.corpora import CorporaError, Ingested, ingested, one_folder
from peers.measuring import figures
from peers.run_cell import sounds

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 6 * 48_000
COLUMNS = ("mel", "stft", "aligned", "onset", "ViSQOL", "Zimtohrli", "ms")
_USUAL = Recipe()
CASES: dict[str, tuple[float, float] | None] = {
    "none": None,
    "usual": (_USUAL.adversarial_weight, _USUAL.feature_weight),
    "strong": (0.1, 0.2),
    "features": (0.0, 0.5),
}


def main() -> int:
    """Train every case on every fold, print the table and put it into docs/BENCHMARKS.md."""
    wish = _arguments()
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, float]]] = {}
    try:
        recordings = one_folder(wish.corpus)
        with tempfile.TemporaryDirectory() as scratch:
            for held_out in recordings.folds()[: wish.folds]:
                sides = ingested(recordings, recordings.digest, held_out, Path(scratch))
                for case in wish.cases:
                    row = _run(sides, case, wish)
                    found.setdefault(case, []).append(row)
                    print(case, {name: round(value, 3) for name, value in row.items()}, flush=True)
    except CorporaError as error:
        print(f"bench_adversarial: {error}", file=sys.stderr)
        return 1
    text = _table(found, wish)
    print(text)
    if not wish.dry_run:
        put_section("bench_adversarial", "What an adversary is worth", text)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the adversarial stage on unseen recordings.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--dry-run", action="store_true", help="leave docs/BENCHMARKS.md alone")
    wish = parser.parse_args()
    if wish.steps < 10 or wish.folds < 1:
        parser.error("steps begin at 10, folds at 1")
    return wish


def _run(sides: Ingested, case: str, wish: argparse.Namespace) -> dict[str, float]:
    corpus = load_corpus(sides.train)
    shares = CASES[case]
    spec = TrainingSpec(steps=wish.steps, seed=wish.seed, adversarial=shares is not None)
    plan, _ = make_plan(spec, split_corpus(corpus, wish.seed), is_gpu=False)
    if shares is not None:
        weight, features = shares
        plan = replace(plan, recipe=replace(plan.recipe, adversarial_weight=weight, feature_weight=features))
    learner, ms = _train(plan, open_parts(corpus, plan.split.train, plan.codec), wish)
    codec = Codec(learner.settled())
    heard = [sound[:LONGEST] for sound in sounds(sides.held_out)]
    pairs = [(sound, round_trip(codec, sound)) for sound in heard]
    made = figures(pairs, codec.config.kbps)
    return {
        "mel": made.mel,
        "stft": made.stft,
        "aligned": made.aligned_sisdr_db,
        "onset": float(np.nanmean([onset_likeness(a, b) for a, b in pairs])),
        "ViSQOL": float("nan") if made.visqol is None else made.visqol,
        "Zimtohrli": float("nan") if made.zimtohrli is None else made.zimtohrli,
        "ms": ms,
    }


def _train(plan: Plan, clips: list[Clip], wish: argparse.Namespace) -> tuple[CodecSteps, float]:
    """The trained learner, and milliseconds of processor time of a step of the last 30 %."""
    learner = CodecSteps(plan, clips, wish.seed, torch.device("cpu"))
    last = round(0.7 * wish.steps)
    began = 0.0
    for step in range(wish.steps):
        if step == last:
            if plan.recipe.adversarial_share:
                learner.settled()
                learner.begin_adversarial(0.0)
            began = time.process_time()
        learner.step(step / wish.steps)
    return learner, 1000 * (time.process_time() - began) / (wish.steps - last)


def _table(found: dict[str, list[dict[str, float]]], wish: argparse.Namespace) -> str:
    head = ("mel", "stft", "SI-SDR aligned", "onset", "ViSQOL", "Zimtohrli", "ms a step")
    lines = [f"| the last 30 % | {' | '.join(head)} |", f"|{'---|' * (len(head) + 1)}"]
    for case, rows in found.items():
        mean = {name: float(np.mean([row[name] for row in rows])) for name in COLUMNS}
        lines.append(
            f"| {case} | {mean['mel']:.3f} | {mean['stft']:.2f} | {mean['aligned']:.1f} dB | {mean['onset']:.3f} | "
            f"{mean['ViSQOL']:.2f} | {mean['Zimtohrli']:.4f} | {mean['ms']:.0f} |"
        )
    note = (
        f"{wish.corpus.name}, {wish.folds} folds, {wish.steps} steps, seed {wish.seed}, one thread, one resolution, "
        f"codec format {FORMAT_VERSION}; "
        f"`scripts/bench/bench_adversarial.py --steps {wish.steps} --folds {wish.folds} --seed {wish.seed}`."
    )
    return "\n".join([*lines, "", note])


if __name__ == "__main__":
    raise SystemExit(main())

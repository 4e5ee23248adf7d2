"""One change of the codec at a time, by held-out error after the same training time.

    nice python scripts/bench/search_codec.py [--corpus FOLDER] [--steps 150] [--folds 2] [--only width] [--seeds 0]

Each variant of `search_variants.py` is trained on the folds of `bench_codec.py` on one thread and judged on the files
that the fold holds out, at most 6 s of each. The default takes `--steps` steps; a variant whose step takes twice the
time takes half as many: the two are timed in turns, processor time, because other work shares these cores. Every cell
has a process of its own and is kept in docs/benchmarks/search.jsonl when it ends; started again, the run goes on where
it was. The table goes into docs/BENCHMARKS.md: the held-out error against that of the default, whose four seeds
(weights and crops) are averaged, and how far the cells of a variant lie apart. What differs from the default by no more
than its own seeds do is noise: it takes several --seeds to tell three percent.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from daemon.corpus.clips import Clip, open_parts

# One thread, waiting passively: other work on the same cores then costs time but changes nothing.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import msgspec
import numpy as np
import torch
from msgspec.structs import replace

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.codec.format import FORMAT_VERSION
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance, si_sdr_db, stft_distance
from daemon.runs.spec import Plan, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import FINAL_USAGE_FRAMES, code_usage, round_trip
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus
from peers.corpora import CorporaError, ingested, one_folder
from peers.ledger import Lines
from peers.run_cell import sounds
from search_variants import DEFAULT, Variant, variants

ROOT = Path(__file__).resolve().parents[2]
LEDGER = ROOT / "docs" / "benchmarks" / "search.jsonl"
LONGEST = 6 * 48_000
DEFAULT_SEEDS = (0, 1, 2, 3)
WARM_STEPS, TIMED_STEPS = 3, 7
QUANTIZING = 0.2


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A variant on a fold, and what came of it."""

    key: str
    title: str
    fold: int
    seed: int = 0
    steps: int
    cost: float
    """Time of a step in steps of the default."""
    mel: float
    stft: float
    sisdr_db: float
    least_used: float
    parameters: int


def main() -> int:
    """Run what is missing, then print the table and put it into docs/BENCHMARKS.md."""
    wish = _arguments()
    if wish.cell:
        print(msgspec.json.encode(_run(wish, *wish.cell.split("|"))).decode())
        return 0
    chosen = [v for v in variants() if wish.only in v.title or v.group == DEFAULT]
    try:
        recordings = one_folder(wish.corpus)
    except CorporaError as error:
        print(f"search_codec: {error}", file=sys.stderr)
        return 1
    folds = recordings.folds()[: wish.folds]
    wanted = [
        (variant.title, fold, seed)
        for fold in range(len(folds))
        for variant in chosen
        for seed in (DEFAULT_SEEDS if variant.group == DEFAULT else wish.seeds)
    ]
    ledger = Lines(wish.ledger, Cell)
    done, failures = ledger.records(), 0
    for number, (title, fold, seed) in enumerate(wanted, 1):
        if _key(wish, title, fold, seed) not in done:
            print(f"[{number}/{len(wanted)}] {title}, fold {fold}, seed {seed}", flush=True)
            cell = _spawn(wish, title, fold, seed)
            if cell is None:
                failures += 1
            else:
                ledger.add(cell)
    found = ledger.records()
    cells = [found[key] for one in wanted if (key := _key(wish, *one)) in found]
    text = _table(cells, wish, len(folds))
    print(text)
    if not wish.dry_run:
        put_section("search_codec", "One change of the codec at a time", text)
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Held-out error of one change at a time after the same training time.")
    parser.add_argument("--corpus", type=Path, default=ROOT / "scripts" / "demo", help="folder of recordings")
    parser.add_argument("--steps", type=int, default=150, help="of the default; a variant's follow from its cost")
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of weights and crops")
    parser.add_argument("--only", default="", help="variants whose title contains this")
    parser.add_argument("--dry-run", action="store_true", help="leave docs/BENCHMARKS.md alone")
    parser.add_argument("--ledger", type=Path, help="file of what is done (default: docs/benchmarks/search.jsonl)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "search_codec", help="folder of ingested corpora")
    parser.add_argument("--cell", default="", help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.steps < 1 or wish.folds < 1:
        parser.error("steps and folds begin at 1")
    wish.ledger = wish.ledger or (wish.work / "cells.jsonl" if wish.dry_run else LEDGER)
    return wish


def _key(wish: argparse.Namespace, title: str, fold: int, seed: int) -> str:
    return f"{FORMAT_VERSION}|{wish.corpus.resolve().name}|{wish.steps}|{seed}|{fold}|{title}"


def _spawn(wish: argparse.Namespace, title: str, fold: int, seed: int) -> Cell | None:
    """A cell by a process of its own; None, and a line on stderr, when that failed."""
    options = ["--corpus", wish.corpus, "--steps", wish.steps, "--work", wish.work, "--cell", f"{title}|{fold}|{seed}"]
    done = subprocess.run(
        [sys.executable, __file__, *map(str, options)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print(f"search_codec: {title}, fold {fold} ended with {done.returncode}", file=sys.stderr)
        return None
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Cell)


def _run(wish: argparse.Namespace, title: str, fold_number: str, seed_number: str) -> Cell:
    torch.set_num_threads(1)
    variant = next(v for v in variants() if v.title == title)
    fold, seed = int(fold_number), int(seed_number)
    recordings = one_folder(wish.corpus)
    sides = ingested(recordings, recordings.digest, recordings.folds()[fold], wish.work)
    corpus = load_corpus(sides.train)
    plan, _ = make_plan(TrainingSpec(steps=wish.steps), split_corpus(corpus, 0), is_gpu=False)
    clips = open_parts(corpus, plan.split.train, plan.codec)
    default = _learner(plan, Variant(group=DEFAULT, name=DEFAULT), clips, seed)
    learner = _learner(plan, variant, clips, seed)
    cost = 1.0 if variant.group == DEFAULT else _cost(default, learner)
    steps = max(1, round(wish.steps / cost))
    learner = _learner(plan, variant, clips, seed)
    for step in range(steps):
        learner.step(step / steps)
    codec = Codec(learner.settled())
    heard = [sound[:LONGEST] for sound in sounds(sides.held_out)]
    pairs = [(sound, round_trip(codec, sound)) for sound in heard]
    return Cell(
        key=_key(wish, title, fold, seed),
        title=title,
        fold=fold,
        seed=seed,
        steps=steps,
        cost=cost,
        mel=float(np.mean([mel_distance(a, b) for a, b in pairs])),
        stft=float(np.mean([stft_distance(a, b) for a, b in pairs])),
        sisdr_db=float(np.mean([si_sdr_db(a, b) for a, b in pairs])),
        least_used=min(level.utilisation for level in code_usage(codec, clips, FINAL_USAGE_FRAMES)),
        parameters=codec.parameter_count,
    )


def _learner(plan: Plan, variant: Variant, clips: list[Clip], seed: int) -> CodecSteps:
    codec, recipe = replace(plan.codec, **variant.codec), replace(plan.recipe, **variant.recipe)
    variant.enter()
    learner = CodecSteps(replace(plan, codec=codec, recipe=recipe), clips, seed, torch.device("cpu"))
    for model in (learner.model, learner.averaged.model):
        variant.change(model)
    known = {parameter for group in learner.optimizer.param_groups for parameter in group["params"]}
    if new := [parameter for parameter in learner.model.parameters() if parameter not in known]:
        learner.optimizer.add_param_group({"params": new})
    return learner


def _cost(default: CodecSteps, learner: CodecSteps) -> float:
    """Time of a step in steps of the default, both timed in turns with the quantiser on."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM_STEPS + TIMED_STEPS):
        for own, one in zip(times, (default, learner), strict=True):
            began = time.process_time()
            one.step(QUANTIZING)
            own.append(time.process_time() - began)
    ratios = [b / a for a, b in zip(*(own[WARM_STEPS:] for own in times), strict=True)]
    return float(median(ratios))


def _table(cells: list[Cell], wish: argparse.Namespace, folds: int) -> str:
    by_title: dict[str, list[Cell]] = {}
    for cell in cells:
        by_title.setdefault(cell.title, []).append(cell)
    defaults = by_title.get(f"{DEFAULT}: {DEFAULT}", [])
    lines = [
        "| variant | cells | held-out mel | of its cells | held-out stft | SI-SDR | least used | a step | size |",
        f"|{'---|' * 9}",
    ]
    for title, found in by_title.items():
        mel, stft = (_changes(found, defaults, name) for name in ("mel", "stft"))
        lines.append(
            f"| {title} | {len(found)} | {_mean_change(mel)} | {min(mel):+.1%} to {max(mel):+.1%} | "
            f"{_mean_change(stft)} | {np.mean([cell.sisdr_db for cell in found]):.1f} dB | "
            f"{min(cell.least_used for cell in found):.0%} | {np.mean([cell.cost for cell in found]):.2f}× | "
            f"{found[0].parameters / 1e6:.1f} M |"
        )
    note = (
        f"{wish.corpus.name}, {folds} folds, one thread, the time of {wish.steps} steps of the default, "
        f"codec format {FORMAT_VERSION}; `scripts/bench/search_codec.py --steps {wish.steps} --folds {wish.folds} "
        f"--seeds {' '.join(map(str, wish.seeds))}`."
    )
    return "\n".join([*lines, "", note])


def _mean_change(changes: list[float]) -> str:
    return f"{round(float(np.mean(changes)), 4) + 0.0:+.1%}"  # no minus before a rounded zero


def _changes(found: list[Cell], defaults: list[Cell], name: str) -> list[float]:
    """Of each cell, against the mean of the default's on the same fold."""
    base = {fold: np.mean([getattr(c, name) for c in defaults if c.fold == fold]) for fold in {c.fold for c in found}}
    return [float(getattr(cell, name) / base[cell.fold] - 1) for cell in found]


if __name__ == "__main__":
    raise SystemExit(main())

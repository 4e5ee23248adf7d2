"""Train Allele's codec and peer architectures on the same files for the same time, and evaluate all in the same way.

    python scripts/bench/bench_codec.py --quick                              the demo corpus, 20 s each: minutes
    python scripts/bench/bench_codec.py --budgets 90                         the demo corpus, one table
    python scripts/bench/bench_codec.py --recordings DIR --budgets 90,600    every corpus: hours, resumable

A cell is corpus × fold × model × budget. Each runs in a process of its own, models of one fold one after another, and
is written to docs/benchmarks/codec.jsonl when it ends: killed and started again, here or in another clone, the run goes
on with the first cell that is missing.
The table in docs/BENCHMARKS.md is made of the cells that are there and names those that are not.

Fairness, matched bitrates and the settings of each peer: docs/adr/0005-benchmark.md. The measures: `daemon.dsp.measure`
(mel, stft, SI-SDR, energy above 20 kHz that the source lacks), `peers.measuring` (SI-SDR after alignment, speeds), and
ViSQOL and Zimtohrli where they are installed. Every file is encoded and decoded whole, up to 15 s, at its own
level. The peers of the packages encodec and snac, and those two measures, need:

    .venv/bin/python -m pip install --editable '.[bench]' --constraint constraints.txt
"""

import argparse
import math
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# OpenMP threads that wait actively make every step many times slower on cores that others use too; this must
# be set before torch is loaded, here and in every cell.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import msgspec
import torch

from benchmark_page import put_section
from peers.corpora import CorporaError, Recordings, generated, ingested, one_folder, recordings_folder
from peers.digest import code_digest
from peers.ledger import Ledger
from peers.networks import Variant, missing
from peers.records import MODELS, NO_FOLD, ROOT, UNTRAINED, Cell, Model, Outcome, Record, machine
from peers.references import opus_missing
from peers.run_cell import Job
from peers.table import section

QUICK_S = 20.0
LEDGER = ROOT / "docs" / "benchmarks" / "codec.jsonl"
WHOLE = "train on all files, and evaluate on what the training itself holds out, as the daemon does"


def main() -> int:
    """Run what is missing, then print the table and put it into docs/BENCHMARKS.md."""
    arguments = _arguments()
    ledger = Ledger(arguments.ledger)
    try:
        corpora = _corpora(arguments)
        cells = [cell for cell in _cells(arguments, corpora) if arguments.cells in cell.title]
    except CorporaError as error:
        print(f"bench_codec: {error}", file=sys.stderr)
        return 1
    if not cells:
        print("bench_codec: no cell fits; --list without filters shows them all", file=sys.stderr)
        return 1
    if arguments.list:
        _list(cells, ledger, arguments)
        return 0
    failures = 0 if arguments.table else _run_all(cells, ledger, {item.name: item for item in corpora}, arguments)
    records = list(ledger.records().values())
    text = f"{section(records, cells)}\n\n{_made_by(records)}".rstrip()
    print(text)
    if not arguments.dry_run:
        put_section("bench_codec", "The codec on unseen recordings", text)
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train ours and the peers on the same files, and compare.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--corpus", type=Path, help="folder of recordings, one corpus (default: scripts/demo)")
    where.add_argument("--recordings", type=Path, help="folder of folders: 5 files of four of them, 50 mixed, 500 made")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--budgets", "--budget", help="seconds of optimisation, with commas: 90,600 (default: 90)")
    amount.add_argument("--steps", type=int, help="exactly so many steps instead, whatever they cost")
    parser.add_argument("--models", default=",".join(MODELS), help=f"some of: {', '.join(MODELS)}")
    parser.add_argument("--variants", default="matched", help="matched, own (as published, native bitrate) or both")
    parser.add_argument("--learning-rates", default="", help="try peers at each of these; the table keeps the better")
    parser.add_argument("--folds", type=int, default=5, help="so many of the folds of each corpus; 0: " + WHOLE)
    parser.add_argument("--seed", type=int, default=0, help="of crops, weights and what training sets aside")
    parser.add_argument("--cells", default="", help="only cells whose title contains this")
    parser.add_argument(
        "--quick", action="store_true", help=f"one fold, {QUICK_S:g} s, no ViSQOL, no Zimtohrli, table not kept"
    )
    parser.add_argument("--list", action="store_true", help="list the cells, and which of them are done")
    parser.add_argument("--table", action="store_true", help="run nothing; make the table from the ledger")
    parser.add_argument("--any-code", action="store_true", help="count cells as done that older code measured")
    parser.add_argument("--dry-run", action="store_true", help="do not change docs/BENCHMARKS.md")
    parser.add_argument("--ledger", type=Path, help="file of what is done (default: docs/benchmarks/codec.jsonl)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench_codec", help="folder of ingested corpora")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.budgets, arguments.folds, arguments.dry_run = arguments.budgets or f"{QUICK_S:g}", 1, True
    arguments.ledger = arguments.ledger or (arguments.work / "cells.jsonl" if arguments.dry_run else LEDGER)
    unknown = set(arguments.models.split(",")) - set(MODELS) | set(arguments.variants.split(",")) - {"matched", "own"}
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there is {', '.join(MODELS)}, and matched, own")
    try:
        arguments.amounts = (
            [None] if arguments.steps is not None else [float(part) for part in (arguments.budgets or "90").split(",")]
        )
        arguments.rates = (
            [float(part) for part in arguments.learning_rates.split(",")] if arguments.learning_rates else [None]
        )
    except ValueError as error:
        parser.error(f"{error}: give numbers separated by commas")
    if arguments.steps is not None and arguments.steps < 1:
        parser.error(f"--steps {arguments.steps}: a training takes at least one")
    if any(budget is not None and not 0 < budget < math.inf for budget in arguments.amounts):
        parser.error(f"--budgets {arguments.budgets}: a budget is more than 0 seconds")
    if arguments.folds < 0:
        parser.error(f"--folds {arguments.folds}: a number of folds, or 0 for all files")
    return arguments


def _made_by(records: list[Record]) -> str:
    """Commands that reproduce the table, with DIR for the folder of recordings; untrained cells are included."""
    alike: dict[tuple[tuple[str, ...], bool], list[Cell]] = {}
    for cell in (record.cell for record in records if record.outcome is not None):
        if cell.model not in UNTRAINED:
            alike.setdefault((_settings(cell), cell.fold == NO_FOLD), []).append(cell)
    lines: list[str] = []
    for (settings, _), cells in sorted(alike.items()):
        words = ["scripts/bench/bench_codec.py", *settings, "--folds", f"{max(cell.fold for cell in cells) + 1}"]
        models = [model for model in MODELS if model not in UNTRAINED and model in {cell.model for cell in cells}]
        if len(models) + len(UNTRAINED) < len(MODELS):
            words += ["--models", ",".join(models)]
        peers = [cell for cell in cells if cell.model != "ours"]
        variants = sorted({cell.variant for cell in peers})
        words += ["--variants", ",".join(variants)] if "own" in variants else []
        rates = sorted({cell.learning_rate for cell in peers if cell.learning_rate is not None})
        words += ["--learning-rates", ",".join(f"{rate:g}" for rate in rates)] if rates else []
        lines.append(f"`{shlex.join(words)}`")
    return f"These cells were made by {', '.join(lines)}." if lines else ""


def _settings(cell: Cell) -> tuple[str, ...]:
    """Options that the cells of one run share."""
    where = ["--recordings", "DIR"] if cell.corpus.endswith(" files") else ["--corpus", f"DIR/{cell.corpus}"]
    amount = ["--budgets", f"{cell.budget_s:g}"] if cell.budget_s is not None else ["--steps", f"{cell.steps}"]
    quick = [] if cell.is_heard else ["--quick"]
    return (*(where if cell.corpus != "demo" else []), *amount, "--seed", f"{cell.seed}", *quick)


def _corpora(arguments: argparse.Namespace) -> list[Recordings]:
    if arguments.recordings:
        return [*recordings_folder(arguments.recordings), generated(arguments.work)]
    return [one_folder(arguments.corpus) if arguments.corpus else one_folder(ROOT / "scripts" / "demo")]


def _cells(arguments: argparse.Namespace, corpora: list[Recordings]) -> Iterator[Cell]:
    """In the order in which they run: one fold's models one after another."""
    for recordings in corpora:
        digest = recordings.digest
        for fold, held_out in _folds(recordings, arguments.folds):
            for number, budget in enumerate(arguments.amounts):
                for model, variant, rate in _ways(arguments, is_first=number == 0):
                    is_trained = model not in UNTRAINED
                    yield Cell(
                        corpus=recordings.name,
                        audio=digest,
                        fold=fold,
                        held_out=held_out,
                        model=model,
                        variant=variant,
                        budget_s=budget if is_trained else None,
                        steps=arguments.steps if is_trained else None,
                        seed=arguments.seed,
                        learning_rate=rate,
                        is_heard=not arguments.quick,
                    )


def _folds(recordings: Recordings, most: int) -> list[tuple[int, list[str]]]:
    return list(enumerate(recordings.folds()))[:most] if most else [(NO_FOLD, [])]


def _ways(arguments: argparse.Namespace, *, is_first: bool) -> Iterator[tuple[Model, Variant, float | None]]:
    """Models with their settings; models without training are not run again for a second budget."""
    for model in MODELS:
        if model not in arguments.models.split(","):
            continue
        if model in UNTRAINED:
            if is_first:
                yield model, "matched", None
            if is_first and model == "opus":
                yield model, "own", None
        elif model == "ours":
            yield model, "matched", None
        else:
            variants: list[Variant] = arguments.variants.split(",")
            yield from ((model, variant, rate) for variant in variants for rate in arguments.rates)


def _list(cells: list[Cell], ledger: Ledger, arguments: argparse.Namespace) -> None:
    records = ledger.records()
    for cell in cells:
        record = records.get(cell.key)
        state = "missing"
        if record is not None and record.outcome is None:
            state = f"failed: {record.failure}"
        elif record is not None:
            state = "done" if arguments.any_code or record.code == code_digest(cell.model) else "done with older code"
        print(f"{cell.key}  {cell.title}  {_absent(cell) or state}")


def _absent(cell: Cell) -> str:
    """Why a cell cannot run on this machine; empty when it can."""
    return opus_missing() if cell.model == "opus" else missing(cell.model)


def _run_all(cells: list[Cell], ledger: Ledger, corpora: dict[str, Recordings], arguments: argparse.Namespace) -> int:
    failures = 0
    for number, cell in enumerate(cells, 1):
        place = f"[{number}/{len(cells)}] {cell.title}"
        code = code_digest(cell.model)
        if ledger.is_done(cell, None if arguments.any_code else code):
            print(f"{place}: done before", flush=True)
        elif reason := _absent(cell):
            print(f"{place}: cannot run on this machine; {reason}", flush=True)
        else:
            print(place, flush=True)
            record = _run(cell, code, corpora[cell.corpus], arguments.work)
            ledger.add(record)
            failures += record.outcome is None
            print(f"    {_words(record)}", flush=True)
    return failures


def _run(cell: Cell, code: str, recordings: Recordings, work: Path) -> Record:
    """One cell in a process of its own."""
    sides = ingested(recordings, cell.audio, cell.held_out, work)
    scratch = Path(tempfile.mkdtemp(prefix="cell-", dir=work))
    try:
        job = Job(
            cell=cell,
            train=str(sides.train),
            held_out=str(sides.held_out),
            scratch=str(scratch),
            outcome=str(scratch / "outcome.json"),
            parent=os.getpid(),
        )
        (scratch / "job.json").write_bytes(msgspec.json.encode(job))
        done = subprocess.run(
            [sys.executable, "-m", "peers.run_cell", str(scratch / "job.json")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts" / "bench"), str(ROOT)])},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        outcome, failure = None, ""
        if done.returncode:
            lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
            failure = f"exit {done.returncode}: {lines[-1] if lines else 'no message'}"
        else:
            outcome = msgspec.json.decode((scratch / "outcome.json").read_bytes(), type=Outcome)
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        where = machine(torch.__version__)
        return Record(
            key=cell.key, code=code, cell=cell, finished=finished, machine=where, outcome=outcome, failure=failure
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _words(record: Record) -> str:
    if record.outcome is None:
        return f"failed: {record.failure}"
    found, effort = record.outcome.figures, record.outcome.effort
    words = f"mel {found.mel:.3f}, stft {found.stft:.2f}, SI-SDR {found.sisdr_db:.0f} dB, {found.kbps:.2f} kbps"
    if effort is None:
        return words
    loss = f"loss {effort.first_loss:.1f} → {effort.last_loss:.1f}"
    return f"{words}; {effort.steps} steps, {loss}, {effort.cpu_s:.0f} CPU s in {effort.wall_s:.0f} s"


if __name__ == "__main__":
    raise SystemExit(main())

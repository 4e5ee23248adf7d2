"""Make the section of docs/BENCHMARKS.md from the finished cells.

One table for each corpus and budget, Allele's own columns, the ratios that are aimed at, and what is missing. A
figure over folds is their mean ± standard deviation. The best of the trained codecs in a column is bold, whoever it is.
"""

from collections.abc import Sequence

from peers.aims import aims
from peers.comparison import comparison
from peers.digest import code_digest
from peers.records import NO_FOLD, Cell, Record
from peers.rows import gather, groups

_COMMAND = ".venv/bin/python scripts/bench/bench_codec.py"


def section(records: Sequence[Record], wanted: Sequence[Cell]) -> str:
    """The whole section in Markdown, without its markers.

    Args:
        records: the records of the ledger.
        wanted: the requested cells; missing ones are listed.
    """
    good = [record for record in records if record.outcome is not None]
    parts: list[str] = []
    for corpus, amount, is_whole in groups(good):
        rows = gather(good, corpus, amount, is_whole=is_whole)
        split = ", own split" if is_whole else ""
        files = len(rows[0].records[0].cell.held_out) if rows else 0
        held_out = f"Held out: {files} files a fold." if files else "Held out: what the training set aside."
        parts += [f"### {corpus}, {amount}{split}", held_out, comparison(rows), aims(rows, amount)]
    ours = [record for record in good if record.cell.model == "ours"]
    if ours:
        parts.append(f"### Allele's own columns\n\n{_own_table(ours)}")
    parts.append(_missing(records, wanted))
    parts.append(_note(good))
    return "\n\n".join(part for part in parts if part)


def _own_table(records: list[Record]) -> str:
    lines = [
        "| corpus | fold | budget | seed | steps | mel | set aside | least used | mel by level | silence | size |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in sorted(records, key=lambda r: (r.cell.corpus, r.cell.amount, r.cell.fold, r.cell.seed)):
        cell, outcome = record.cell, record.outcome
        if outcome is None or outcome.ours is None or outcome.effort is None:
            continue
        own = outcome.ours
        prefix = " ".join(f"{value:.3f}".lstrip("0") for value in own.prefix_mel)
        aside = "–" if outcome.validation_mel is None else f"{outcome.validation_mel:.3f}"
        cells = [
            cell.corpus,
            "own" if cell.fold == NO_FOLD else cell.fold,
            cell.amount,
            cell.seed,
            outcome.effort.steps,
            f"{outcome.figures.mel:.3f}",
            aside,
        ]
        cells += [f"{min(own.utilisation):.0%}", prefix, f"{own.silence_db:.0f} dBFS"]
        cells += [f"{outcome.parameters / 1e6:.1f} M, {outcome.note}, {outcome.figures.kbps:.2f} kbps"]
        lines.append("| " + " | ".join(str(item) for item in cells) + " |")
    return "\n".join(lines)


def _missing(records: Sequence[Record], wanted: Sequence[Cell]) -> str:
    """Requested cells that are missing, a line for each corpus and budget; failures with their reason."""
    done = {record.key: record for record in records}
    absent: dict[str, dict[str, list[int]]] = {}
    failed: list[str] = []
    for cell in wanted:
        record = done.get(cell.key)
        if record is None:
            rate = f" at {cell.learning_rate:g}" if cell.learning_rate is not None else ""
            group = absent.setdefault(f"{cell.corpus}, {cell.amount}", {})
            group.setdefault(cell.name + rate, []).append(cell.fold)
        elif record.outcome is None:
            failed.append(f"- {cell.title}: failed, {record.failure}")
    lines = [
        f"- {group}: " + "; ".join(f"{name} ({_folds(folds)})" for name, folds in models.items())
        for group, models in absent.items()
    ]
    return "Missing:\n\n" + "\n".join([*lines, *failed]) if lines or failed else ""


def _folds(folds: list[int]) -> str:
    return "fold " + " ".join("own split" if fold == NO_FOLD else str(fold) for fold in folds)


def _note(records: Sequence[Record]) -> str:
    if not records:
        return f"No cell has been run; `{_COMMAND}`."
    machines = ", ".join(sorted({record.machine for record in records}))
    finished = sorted(record.finished[:10] for record in records)
    days = finished[0] if finished[0] == finished[-1] else f"{finished[0]} to {finished[-1]}"
    older = " † measured with older code." if any(r.code != code_digest(r.cell.model) for r in records) else ""
    return (
        f"{machines}; {days}. "
        "Bold: the best of the trained codecs at a matched bitrate. CPU: seconds of processor per second of wall "
        "clock while training (2 is all of two cores; less means that others worked there and the budget bought "
        "fewer steps); load: the 1-minute average before and after. loss: mean of the first and of the last tenth "
        "of the steps, own quantiser terms included. memory: the whole process, torch included. set aside: mel on "
        "what Allele's training keeps from its own corpus to choose its best checkpoint. least used: the share of "
        "its codes that the least used level needs for the training files. "
        f"Settings: [docs/adr/0005-benchmark.md](adr/0005-benchmark.md); `{_COMMAND}`.{older}"
    )

"""Cells gathered into rows: one model over the folds of a corpus and a budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from peers.digest import code_digest
from peers.records import MODELS, NO_FOLD, Outcome, Record


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model over the folds of a corpus and budget."""

    name: str
    records: list[Record]

    @property
    def outcomes(self) -> list[Outcome]:
        """Outcomes of all folds, in order."""
        return [record.outcome for record in self.records if record.outcome is not None]

    @property
    def is_trained(self) -> bool:
        """Whether the model was trained on the corpus."""
        return self.outcomes[0].effort is not None

    def values(self, take: Callable[[Outcome], float | None]) -> list[float]:
        """A measurement of every fold that has it."""
        return [value for outcome in self.outcomes if (value := take(outcome)) is not None]


def groups(records: Sequence[Record]) -> list[tuple[str, str, bool]]:
    """(corpus, budget, own split) of trained cells, in the order of the ledger, short budgets first."""
    trained = [r.cell for r in records if r.cell.amount != "none"]
    seen = dict.fromkeys((cell.corpus, cell.amount, cell.fold == NO_FOLD) for cell in trained)
    corpora = list(dict.fromkeys(corpus for corpus, _, _ in seen))
    return sorted(seen, key=lambda group: (corpora.index(group[0]), float(group[1].split()[0]), group[1:]))


def gather(records: Sequence[Record], corpus: str, amount: str, *, is_whole: bool = False) -> list[Row]:
    """Rows of a group: its models, those without training, and Allele without its quantiser."""
    group = [r for r in records if r.cell.corpus == corpus and (r.cell.fold == NO_FOLD) == is_whole]
    fit = _latest([r for r in group if r.cell.amount in (amount, "none")])
    made: list[Row] = []
    for name in sorted({r.cell.name for r in fit}, key=_place):
        made.append(Row(name=name, records=_best_rates([r for r in fit if r.cell.name == name])))
        if name == "ours":
            made.append(Row(name="ours, no quantiser", records=[_bypassed(r) for r in made[-1].records]))
    return made


def _place(name: str) -> tuple[int, str]:
    return min((i for i, model in enumerate(MODELS) if name.startswith(model)), default=99), name


def _latest(records: list[Record]) -> list[Record]:
    """Keep one of several records that differ only in ViSQOL and Zimtohrli: those with them first, then the newest."""
    chosen: dict[tuple[object, ...], Record] = {}
    for record in sorted(records, key=lambda r: (r.cell.is_heard, r.finished)):
        cell = record.cell
        chosen[cell.name, cell.fold, cell.seed, cell.learning_rate, cell.audio] = record
    return list(chosen.values())


def _best_rates(records: list[Record]) -> list[Record]:
    """Keep the learning rate that is best on the training's own held-out set, never on the benchmark's."""
    folds: dict[tuple[int, int], list[Record]] = {}
    for record in records:
        folds.setdefault((record.cell.fold, record.cell.seed), []).append(record)

    def judged(record: Record) -> float:
        outcome = record.outcome
        return float("inf") if outcome is None or outcome.validation_mel is None else outcome.validation_mel

    return [min(folds[fold], key=judged) for fold in sorted(folds)]


def _bypassed(record: Record) -> Record:
    assert record.outcome is not None and record.outcome.bypass is not None
    return replace(record, outcome=Outcome(figures=record.outcome.bypass))


def is_older(row: Row) -> bool:
    """Whether the code has changed since it was measured."""
    return any(record.code != code_digest(record.cell.model) for record in row.records)


def mean(values: list[float]) -> float | None:
    """Mean of values; None if there are none."""
    return float(np.mean(values)) if values else None


def spread(values: list[float], form: str, suffix: str = "") -> str:
    """Mean, with ± standard deviation if there are several values."""
    if not values:
        return "–"
    middle = form.format(float(np.mean(values)))
    return (
        f"{middle} ± {form.format(float(np.std(values, ddof=1)))}{suffix}" if len(values) > 1 else f"{middle}{suffix}"
    )

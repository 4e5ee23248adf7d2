"""The measurements of a training as text, shared by the command line and the Train screen. Does no I/O."""

import math
from collections import Counter
from pathlib import PurePath

from protocol.messages.events import EvaluationCompleted, StepCompleted

WORST = "collapsing"
CELL = 6  # columns of a number in a table of levels


def loss_words(losses: dict[str, float]) -> str:
    """Return the total loss and each of its terms before weighting, as in `loss 3.21  mel 1.2  stft 0.911`."""
    terms = [f"{name} {value:.3g}" for name, value in losses.items() if name != "total"]
    total = [f"loss {losses['total']:.3g}"] if "total" in losses else []
    return "  ".join([*total, *terms])


def pace_words(step: StepCompleted) -> list[str]:
    """Return the gradient norm, examples per second, memory in MiB and learning rate."""
    return [
        f"gradient {step.gradient_norm:.2f}",
        f"{step.examples_per_s:.1f} examples/s",
        f"{step.memory_mb:.0f} MiB",
        f"rate {step.learning_rate:.1e}",
    ]


def measured(measures: dict[str, float | None]) -> str:
    """Return measures as text, as in `mel 0.831  stft 1.204  sisdr_db -3.100`."""
    return "  ".join(f"{name} {value:.3f}" for name, value in measures.items() if value is not None)


def held_out_words(report: EvaluationCompleted) -> str:
    """Return the held-out measures of an evaluation, or say that nothing is held out."""
    figures = measured(report.held_out)
    return f"held out: {figures}" if figures else "nothing is held out"


def standing_words(report: EvaluationCompleted) -> str:
    """Compare an evaluation with the earlier ones: best so far, the one of the saved model, or ""."""
    if PurePath(report.preview).stem == "final":
        return "as kept"
    return "best so far" if report.is_best else ""


def level_table(report: EvaluationCompleted) -> list[str]:
    """Return a table with one line per measure and one column per level."""
    rows = [
        ("level", [str(level) for level in range(len(report.utilisation))]),
        ("in use %", [f"{100 * share:.0f}" for share in report.utilisation]),
        ("perplexity", [_short(value) for value in report.perplexity]),
        ("dead codes", [str(count) for count in report.dead_codes]),
        ("commitment", [f"{value:.2f}" for value in report.commitment]),
        ("health", [{"collapsing": "coll."}.get(word, word[:CELL]) for word in report.health]),
    ]
    return [f"  {name:<11}" + "".join(f"{cell:>{CELL + 1}}" for cell in cells) for name, cells in rows if cells]


def health_words(report: EvaluationCompleted) -> str:
    """Name the levels that are not healthy, and what to do about them."""
    if not report.health:
        return ""
    if all(word == "healthy" for word in report.health):
        return "every level is healthy"
    sick = [f"level {level} is {word}" for level, word in enumerate(report.health) if word != "healthy"]
    return report.advice or ", ".join(sick)


def sick_words(health: list[str]) -> str:
    """Count the levels in each unhealthy state, worst first: `1 collapsing, 2 thin`; "" when all are healthy."""
    counts = Counter(word for word in health if word != "healthy")
    worst_first = sorted(counts, key=lambda word: word != WORST)
    return ", ".join(f"{counts[word]} {word}" for word in worst_first)


def _short(value: float) -> str:
    return "?" if not math.isfinite(value) else f"{value:.1f}" if value < 1000 else f"{value:.0f}"

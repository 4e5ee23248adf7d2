"""What a training measured of itself, in words: the same on the command line and on the Train screen. Pure."""

import math

from protocol.messages import EvaluationCompleted, StepCompleted

CELL = 6  # columns of a number in a table of levels


def loss_words(losses: dict[str, float]) -> str:
    """`loss 3.214 (mel 1.203, stft 0.911, …)`: what is optimised, and every term of it before it is weighted."""
    terms = ", ".join(f"{name} {value:.3f}" for name, value in losses.items() if name != "total")
    if "total" not in losses:
        return f"loss {terms}" if terms else ""
    return f"loss {losses['total']:.3f} ({terms})" if terms else f"loss {losses['total']:.3f}"


def pace_words(step: StepCompleted) -> list[str]:
    """Gradient norm, learning rate, examples a second and memory."""
    return [
        f"gradient {step.gradient_norm:.2f}",
        f"rate {step.learning_rate:.1e}",
        f"{step.examples_per_s:.1f} examples/s",
        f"{step.memory_mb:.0f} MB",
    ]


def measured(measures: dict[str, float | None]) -> str:
    """`mel 0.831  stft 1.204  sisdr_db -3.100`."""
    return "  ".join(f"{name} {value:.3f}" for name, value in measures.items() if value is not None)


def level_table(report: EvaluationCompleted) -> list[str]:
    """One line a measure, one column a level."""
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
    """The worst of the levels in a word, and what to do about it."""
    if not report.health:
        return ""
    worst = next((word for word in ("collapsing", "thin") if word in report.health), report.health[0])
    if worst == "healthy":
        return "every level is healthy"
    levels = ", ".join(str(level) for level, word in enumerate(report.health) if word == worst)
    return f"level {levels} {worst}: {report.advice}" if report.advice else f"level {levels} {worst}"


def _short(value: float) -> str:
    return "?" if not math.isfinite(value) else f"{value:.1f}" if value < 1000 else f"{value:.0f}"

"""The previews and the novelty of a prior in training as lines of text. Does no I/O."""

from pathlib import PurePath

from protocol.messages.events import PriorEvaluated
from tui.model.prior_training import PriorTraining
from tui.model.training import clock

PREFIX = "prior-"
"""What the names of a prior's previews begin with, as PlayPreview expects them."""


def prior_preview_name(evaluation: PriorEvaluated) -> str:
    """Return the name of an evaluation's preview, as PlayPreview expects it."""
    return f"{PREFIX}{PurePath(evaluation.preview).stem}"


def prior_preview_lines(prior: PriorTraining, playing: str | None) -> list[tuple[str, str]]:
    """Return (line, name) of what every evaluation made from nothing, newest first, with a mark on the one playing."""
    lines: list[tuple[str, str]] = []
    for one in prior.previews:
        name = prior_preview_name(one)
        is_final = name == f"{PREFIX}final"
        what = "final" if is_final else f"{one.step}"
        bits = " ".join("     -" if value is None else f"{value:6.1f}" for value in (one.bits, one.train_bits))
        standing = " kept" if is_final else " best" if one.is_best else ""
        mark = " plays" if name == playing else ""
        lines.append((f"{what:<7}{clock(one.elapsed_s):>7} {bits} {one.novelty}{standing}{mark}", name))
    return lines


def novelty_words(card: object) -> str:
    """Return the novelty of a finished prior's sounds, from its model's description; "" if it was not measured."""
    novelty = card.get("novelty") if isinstance(card, dict) else None
    if not isinstance(novelty, dict):
        return ""
    return "sounds from it: " + ", ".join(f"{share:.0%} {verdict}" for verdict, share in novelty.items())


def prior_preview_file(prior: PriorTraining, name: str) -> str:
    """Return the path of a preview's file on the daemon's machine."""
    return next((one.preview for one in prior.previews if prior_preview_name(one) == name), "")

"""What the Train screen draws: the curve of loss and held-out error, and codebook health per level.

The curve is braille (neutral in width in every terminal), two dots wide and four high a cell, over min/max per
column, so a spike stays visible. Numbers stand beside it: nothing has to be read off the picture.
"""

import math
from typing import Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.model.curve import Curve
from tui.model.training import Training, clock
from tui.model.words import level_name
from tui.widgets.lines import BOLD, DIM, PLAIN, Lines

_LOSS = Style(color=Color.from_ansi(66))
_HELD = Style(color=Color.from_ansi(227), bold=True)
_GOOD = Style(bgcolor=Color.from_ansi(66))
_THIN = Style(bgcolor=Color.from_ansi(179))
_BAD = Style(bgcolor=Color.from_ansi(167))
_EMPTY = Style(bgcolor=Color.from_ansi(236))
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
AXIS = 8  # columns of the numbers left of the curve
WIDE_BAR, NARROW_BAR = 16, 6


class CurvePlot(Lines):
    """Training loss and held-out error over time, each on its own scale."""

    DEFAULT_CSS = "CurvePlot { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._training: Training | None = None
        self._picture: tuple[object, list[Strip]] = (None, [])

    def show(self, training: Training | None) -> None:
        """Draw this training as it is now."""
        self._training = training
        self.refresh()

    def line(self, y: int, width: int) -> Strip:
        training = self._training
        version = None if training is None else (training.job, training.version)
        key = (version, self.size, self.tier)
        if self._picture[0] != key:
            self._picture = (key, self._draw(training, width, self.size.height))
        strips = self._picture[1]
        return strips[y] if y < len(strips) else Strip.blank(width)

    def _draw(self, training: Training | None, width: int, height: int) -> list[Strip]:
        if training is None or (not len(training.loss) and not len(training.held_out)):
            return [Strip([Segment("  the curve begins with the first step", DIM)])]
        name, value = training.held_out_now()
        loss = training.loss.last
        title: list[Segment] = [Segment("  ", PLAIN)]
        if loss is not None:
            title.append(Segment(f"loss {loss[1]:.3f}  ", _LOSS))
        if value is not None:
            title.append(Segment(f"held-out {name} {value:.3f}", _HELD))
        rows = height - 2
        columns = width - AXIS - 1
        if rows < 2 or columns < 8:
            return [Strip(title)]
        first, last = _span(training)
        pixels = [[0] * columns for _ in range(rows)]
        owners = [[0] * columns for _ in range(rows)]
        for owner, curve in ((1, training.loss), (2, training.held_out)):
            _plot(curve, first, last, pixels, owners, owner)
        shown = training.held_out if len(training.held_out) else training.loss
        low, high = shown.extent() or (0.0, 1.0)
        body = [_row(pixels[y], owners[y], _axis(y, rows, low, high)) for y in range(rows)]
        foot = f"{'':<{AXIS}}{clock(first):<{max(0, columns - 8)}}{clock(last):>8}"
        return [Strip(title), *body, Strip([Segment(foot, DIM)])]


def _span(training: Training) -> tuple[float, float]:
    spans = [curve.span for curve in (training.loss, training.held_out) if len(curve)]
    return min(span[0] for span in spans), max(span[1] for span in spans)


def _axis(y: int, rows: int, low: float, high: float) -> str:
    if y == 0:
        return f"{high:.3g}"
    return f"{low:.3g}" if y == rows - 1 else ""


def _plot(
    curve: Curve, first: float, last: float, pixels: list[list[int]], owners: list[list[int]], owner: int
) -> None:
    """Set the dots of one curve, joined between columns."""
    extent = curve.extent()
    if extent is None:
        return
    rows, columns = len(pixels) * 4, len(pixels[0]) * 2
    low, high = extent
    scale = (rows - 1) / max(high - low, 1e-9)
    before: int | None = None
    before_x = 0
    for x, point in enumerate(curve.columns(columns, first, last)):
        if point is None:
            continue
        top, bottom = (rows - 1 - round((value - low) * scale) for value in (point[1], point[0]))
        if before is not None:
            for step in range(before_x + 1, x):
                share = (step - before_x) / (x - before_x)
                _dot(pixels, owners, owner, step, round(before + (top - before) * share))
        for dot_y in range(top, bottom + 1):
            _dot(pixels, owners, owner, x, dot_y)
        before, before_x = bottom, x


def _dot(pixels: list[list[int]], owners: list[list[int]], owner: int, x: int, y: int) -> None:
    pixels[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    owners[y // 4][x // 2] = owner


def _row(dots: list[int], owners: list[int], axis: str) -> Strip:
    segments = [Segment(f"{axis:>{AXIS - 1}} ", DIM)]
    start = 0
    for at in range(1, len(dots) + 1):
        if at < len(dots) and owners[at] == owners[start]:
            continue
        text = "".join(chr(0x2800 + dot) if dot else " " for dot in dots[start:at])
        segments.append(Segment(text, (PLAIN, _LOSS, _HELD)[owners[start]]))
        start = at
    return Strip(segments)


class Health(Lines):
    """One line a level: a bar of how much of the codebook is used, perplexity, dead codes, and a plain word."""

    DEFAULT_CSS = "Health { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._training: Training | None = None

    def show(self, training: Training | None) -> None:
        """Draw the newest evaluation of this training."""
        self._training = training
        self.refresh()

    def line(self, y: int, width: int) -> Strip:
        evaluation = self._training.evaluation if self._training else None
        if evaluation is None:
            return Strip([Segment("codebooks: measured at the first evaluation" if y == 0 else "", DIM)])
        if y == 0:
            head = f"{'level':<8}{'in use':<{self._bar_width + 6}}{'perpl.':>7}{'dead':>6}  health"
            return Strip([Segment(head, DIM)])
        level = y - 1
        if level >= len(evaluation.utilisation):
            advice = evaluation.advice if y == len(evaluation.utilisation) + 1 else ""
            return Strip([Segment(advice, PLAIN)])
        return Strip(self._level(level, len(evaluation.utilisation)))

    @property
    def _bar_width(self) -> int:
        return WIDE_BAR if self.size.width > 50 else NARROW_BAR

    def _level(self, level: int, levels: int) -> list[Segment]:
        training = self._training
        evaluation = training.evaluation if training else None
        if evaluation is None:
            return []
        used = evaluation.utilisation[level]
        word = _at(evaluation.health, level, "")
        perplexity = _at(evaluation.perplexity, level, math.nan)
        dead = _at(evaluation.dead_codes, level, 0)
        width = self._bar_width
        filled = min(width, max(0, round(used * width))) if math.isfinite(used) else 0
        bar = [Segment("#" * filled, PLAIN), Segment("." * (width - filled), DIM)]
        if not self.tier.glyphs:
            colour = {"thin": _THIN, "collapsing": _BAD}.get(word, _GOOD)
            bar = [Segment(" " * filled, colour), Segment(" " * (width - filled), _EMPTY)]
        numbers = f" {used * 100:3.0f} % {perplexity:7.1f}{dead:6d}  "
        style = PLAIN if word == "healthy" else BOLD
        parts = [Segment(f"{level_name(level, levels):<8}", PLAIN), *bar, Segment(numbers, PLAIN), Segment(word, style)]
        return [part for part in parts if part.text]


def _at(values: list[Any], index: int, otherwise: Any) -> Any:
    return values[index] if index < len(values) else otherwise

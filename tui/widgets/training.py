"""The plots of the Train screen: curves of the loss and of the errors on training and held-out audio; codebook health.

Curves are braille (one cell wide in every terminal), two by four dots per cell, and show the minimum and maximum per
column, so that a spike stays visible. Letters mark evaluations, so that colour is not needed. All values are also shown
as numbers.
"""

import math
import time
from dataclasses import dataclass
from typing import Any, Protocol

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from protocol.messages.jobs import JobInfo
from tui.model.curve import Curve, Legend
from tui.model.job_words import progress_words, state_words
from tui.model.measures import pace_words, sick_words
from tui.model.training import Training, clock
from tui.model.words import level_name
from tui.widgets.lines import BOLD, DIM, PLAIN, Lines, Part

_LOSS = Style(color=Color.from_ansi(66))
_HELD = Style(color=Color.from_ansi(227), bold=True)
_LEARNT = Style(color=Color.from_ansi(144))
_GOOD = Style(bgcolor=Color.from_ansi(66))
_THIN = Style(bgcolor=Color.from_ansi(179))
_BAD = Style(bgcolor=Color.from_ansi(167))
_EMPTY = Style(bgcolor=Color.from_ansi(236))
_STYLES = (PLAIN, _LOSS, _LEARNT, _HELD)
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
HELD_MARK, LEARNT_MARK = "o", "x"
AXIS = 8  # columns of the numbers left of the curve
WIDE_BAR, NARROW_BAR = 20, 4
ROOMY = 56
QUIET_S = 2.0


@dataclass
class _Picture:
    """The cells of a plot: braille dots, letters over them, and the curve of each cell."""

    dots: list[list[int]]
    marks: list[list[str]]
    owners: list[list[int]]

    @classmethod
    def blank(cls, rows: int, columns: int) -> "_Picture":
        """Return a plot without curves."""
        numbers, letters = (lambda: [[0] * columns for _ in range(rows)]), [[""] * columns for _ in range(rows)]
        return cls(numbers(), letters, numbers())

    def plot(self, curve: Curve, span: tuple[float, float], extent: tuple[float, float], owner: int, mark: str) -> None:
        """Draw one curve with joined points; with a mark, each point is that letter."""
        rows, columns = len(self.dots) * 4, len(self.dots[0]) * 2
        scale = (rows - 1) / max(extent[1] - extent[0], 1e-9)
        before: tuple[int, int] | None = None
        for x, point in enumerate(curve.columns(columns, *span)):
            if point is None:
                continue
            top, bottom = (rows - 1 - round((value - extent[0]) * scale) for value in (point[1], point[0]))
            if before is not None:
                for step in range(before[0] + 1, x):
                    share = (step - before[0]) / (x - before[0])
                    self._dot(step, round(before[1] + (top - before[1]) * share), owner)
            for y in range(top, bottom + 1):
                self._dot(x, y, owner)
            if mark:
                self.marks[bottom // 4][x // 2] = mark
            before = (x, bottom)

    def _dot(self, x: int, y: int, owner: int) -> None:
        self.dots[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
        self.owners[y // 4][x // 2] = owner

    def strip(self, y: int, axis: str) -> Strip:
        """Return one row, with adjacent cells of a curve in one segment."""
        owners = self.owners[y]
        cells = [
            mark or (chr(0x2800 + dots) if dots else " ")
            for mark, dots in zip(self.marks[y], self.dots[y], strict=True)
        ]
        segments, start = [Segment(f"{axis:>{AXIS - 1}} ", DIM)], 0
        for at in range(1, len(cells) + 1):
            if at == len(cells) or owners[at] != owners[start]:
                segments.append(Segment("".join(cells[start:at]), _STYLES[owners[start]]))
                start = at
        return Strip(segments)


class Curves(Protocol):
    """What a plot draws: the curves of a training's codec or of its prior."""

    job: str
    version: int
    loss: Curve
    learnt: Curve
    held_out: Curve

    def legend(self) -> list[Legend | None]:
        """Return the name and newest value of each curve: loss, learnt, held out."""
        ...


class CurvePlot(Lines):
    """The training loss on its own scale; the errors on held-out and training audio on the scale of the axis."""

    DEFAULT_CSS = "CurvePlot { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._curves: Curves | None = None
        self._picture: tuple[object, list[Strip]] = (None, [])

    def show(self, curves: Curves | None) -> None:
        """Draw the current curves of a training."""
        self._curves = curves
        self.refresh()

    def line(self, y: int, width: int) -> Strip:
        curves = self._curves
        version = None if curves is None else (type(curves), curves.job, curves.version)
        key = (version, self.size, self.tier)
        if self._picture[0] != key:
            self._picture = (key, self._draw(curves, width, self.size.height))
        strips = self._picture[1]
        return strips[y] if y < len(strips) else Strip.blank(width)

    def _draw(self, training: Curves | None, width: int, height: int) -> list[Strip]:
        if training is None or (not len(training.loss) and not len(training.held_out)):
            return [Strip([Segment("curves: from the first step on", DIM)])]
        rows, columns = height - 2, width - AXIS - 1
        title = Strip(_title(training, width))
        if rows < 2 or columns < 8:
            return [title]
        curves = (training.loss, training.learnt, training.held_out)
        spans = [curve.span for curve in curves if len(curve)]
        span = min(low for low, _ in spans), max(high for _, high in spans)
        own = training.loss.extent() or (0.0, 1.0)
        extents = [extent for extent in (curve.extent() for curve in curves[1:]) if extent is not None]
        shared = (min(low for low, _ in extents), max(high for _, high in extents)) if extents else own
        picture = _Picture.blank(rows, columns)
        marks = ("", LEARNT_MARK, HELD_MARK)
        for owner, (curve, extent, mark) in enumerate(zip(curves, (own, shared, shared), marks, strict=True), 1):
            picture.plot(curve, span, extent, owner, mark)
        axis = {0: f"{shared[1]:.3g}", rows - 1: f"{shared[0]:.3g}"}
        body = [picture.strip(y, axis.get(y, "")) for y in range(rows)]
        foot = f"{'':<{AXIS}}{clock(span[0]):<{max(0, columns - 8)}}{clock(span[1]):>8}"
        return [title, *body, Strip([Segment(foot, DIM)])]


def _title(curves: Curves, width: int) -> list[Segment]:
    """Return the legend of the curves with their newest values; names are omitted where there is no room."""
    rows = zip(
        curves.legend(), (curves.loss, curves.learnt, curves.held_out), ("", LEARNT_MARK, HELD_MARK), strict=True
    )
    parts = [
        (f"{mark} " if mark and len(curve) else "", legend, style)
        for (legend, curve, mark), style in zip(rows, (_LOSS, _LEARNT, _HELD), strict=True)
        if legend is not None
    ]
    is_long = sum(len(mark) + len(long) + 2 for mark, (long, _), _ in parts) <= width
    return [Segment(f"{mark}{long if is_long else short}  ", style) for mark, (long, short), style in reversed(parts)]


class Health(Lines):
    """One line per level: the share of the codebook in use as a bar, perplexity, dead codes, commitment, and a word."""

    DEFAULT_CSS = "Health { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._training: Training | None = None

    def show(self, training: Training | None) -> None:
        """Draw the newest evaluation of a training."""
        self._training = training
        self.refresh()

    def line(self, y: int, width: int) -> Strip:
        evaluation = self._training.evaluation if self._training else None
        if evaluation is None:
            return Strip([Segment("codebooks: measured at the first evaluation" if y == 0 else "", DIM)])
        if y == 0:
            head = f"{'level':<7}{'in use':<{self._bar_width + 6}}{'perpl.':>7}{'dead':>6}{'commit':>8}  health"
            return Strip([Segment(head, DIM)])
        level, levels, room = y - 1, len(evaluation.utilisation), self.size.height - 1
        if level >= levels:
            return Strip.blank(width)
        if y == room and levels > room:  # no room for the rest: summarise them
            rest = evaluation.health[level:]
            sick = sick_words(rest)
            return Strip([Segment(f"and {len(rest)} more levels, {sick or 'all healthy'}", BOLD if sick else PLAIN)])
        return Strip(self._level(level, levels))

    @property
    def _bar_width(self) -> int:
        return WIDE_BAR if self.size.width > ROOMY else NARROW_BAR

    def _level(self, level: int, levels: int) -> list[Segment]:
        training = self._training
        evaluation = training.evaluation if training else None
        if evaluation is None:
            return []
        used = evaluation.utilisation[level]
        word = _at(evaluation.health, level, "")
        perplexity = _at(evaluation.perplexity, level, math.nan)
        dead = _at(evaluation.dead_codes, level, 0)
        commitment = _at(evaluation.commitment, level, math.nan)
        width = self._bar_width
        filled = min(width, max(0, round(used * width))) if math.isfinite(used) else 0
        bar = [Segment("#" * filled, PLAIN), Segment("." * (width - filled), DIM)]
        if not self.tier.glyphs:
            colour = {"thin": _THIN, "collapsing": _BAD}.get(word, _GOOD)
            bar = [Segment(" " * filled, colour), Segment(" " * (width - filled), _EMPTY)]
        numbers = f" {used * 100:3.0f}% {perplexity:7.1f}{dead:6d}{commitment:8.3f}  "
        style = PLAIN if word == "healthy" else BOLD
        parts = [Segment(f"{level_name(level, levels):<7}", PLAIN), *bar, Segment(numbers, PLAIN), Segment(word, style)]
        return [part for part in parts if part.text]


def _at(values: list[Any], index: int, otherwise: Any) -> Any:
    return values[index] if index < len(values) else otherwise


def fact_parts(job: JobInfo | None, training: Training | None) -> tuple[list[Part], list[Part]]:
    """Return the step, the time spent and left, and the pace; then the right part, which is omitted first."""
    if job is None:
        return [], []
    step = training.step if training else None
    if step is None:
        waiting = state_words(job)
        if job.state == "running":
            since_s = max(0.0, time.time() - (job.started_s or job.created_s))  # a clock may be set back
            waiting = f"{waiting}, since {clock(since_s)}"
        return [(f" {job.kind} {job.subject}: {waiting}", DIM)], []
    *facts, rate = [progress_words(job, step), *pace_words(step)]
    silent_s = time.monotonic() - training.heard_s if training else 0.0
    if job.state == "running" and silent_s > QUIET_S:
        facts, rate = [facts[0], f"busy for {clock(silent_s)}", *facts[2:]], facts[1]
    return [(" " + " · ".join(facts), PLAIN)], [(f"{rate} ", DIM)]

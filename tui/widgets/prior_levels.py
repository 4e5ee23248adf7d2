"""The bits that each level costs a prior in training, as bars and numbers, with what is known of its novelty."""

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.model.prior_training import PriorTraining
from tui.model.words import level_name
from tui.widgets.lines import DIM, PLAIN, Lines

_FULL = Style(bgcolor=Color.from_ansi(66))
_REST = Style(bgcolor=Color.from_ansi(236))
WIDE_BAR, NARROW_BAR, ROOMY = 28, 12, 56


class PriorLevels(Lines):
    """One line per level: its bits a frame as a bar, and since the first evaluation. Lower is better."""

    DEFAULT_CSS = "PriorLevels { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._prior: PriorTraining | None = None
        self._novelty = ""

    def show(self, prior: PriorTraining | None, novelty: str) -> None:
        """Draw the newest evaluation of a prior. `novelty`: a sentence about the sounds of the finished prior."""
        self._prior, self._novelty = prior, novelty
        self.refresh()

    def line(self, y: int, width: int) -> Strip:
        evaluation = self._prior.evaluation if self._prior else None
        if self._prior is None or evaluation is None:
            return Strip([Segment("bits of each level: at the first evaluation" if y == 0 else "", DIM)])
        bar = WIDE_BAR if width > ROOMY else NARROW_BAR
        if y == 0:
            return Strip([Segment(f"{'level':<7}{'bits a frame':<{bar + 1}}{'now':>6}{'at first':>10}", DIM)])
        levels, first = evaluation.levels, self._prior.evaluations[0].levels
        room = self.size.height - 1 - bool(self._novelty)
        level = y - 1
        if self._novelty and y == self.size.height - 1:
            return Strip([Segment(self._novelty, PLAIN)])
        if level >= len(levels):
            return Strip.blank(width)
        if y == room and len(levels) > room:
            rest = sum(levels[level:])
            return Strip([Segment(f"and {len(levels) - level} more levels, {rest:.1f} bits", PLAIN)])
        began = first[level] if level < len(first) else levels[level]
        return Strip(self._level(level, len(levels), levels[level], began, max([*levels, *first, 0.1]), bar))

    def _level(self, level: int, levels: int, bits: float, began: float, most: float, width: int) -> list[Segment]:
        filled = min(width, max(0, round(bits / most * width)))
        bar = [Segment("#" * filled, PLAIN), Segment("." * (width - filled), DIM)]
        if not self.tier.glyphs:
            bar = [Segment(" " * filled, _FULL), Segment(" " * (width - filled), _REST)]
        parts = [Segment(f"{level_name(level, levels):<7}", PLAIN), *bar, Segment(f" {bits:6.1f}{began:10.1f}", PLAIN)]
        return [part for part in parts if part.text]

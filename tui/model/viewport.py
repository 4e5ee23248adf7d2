"""Which part of a strand a pane shows, and how two panes share the rows of the editor.

The view follows the cursor by turning pages and never scrolls: scrolling by one column sends the whole grid again
(tens of KB over SSH), and turning pages does so only once per page.
"""

from dataclasses import dataclass

GUTTER = 11  # columns left of the first frame: level number and name
BARS = 3  # top bar, words line, mode line
FRAME = 2  # header and ruler of a pane
LEAST_PANE = FRAME + 1
MAX_WAVE = 16
LEAST_WAVE = 4  # rows a waveform keeps before levels grow taller
TALLEST = 3
FILLED_TALLEST = 2  # in a pane that the user made larger: it is sent again and again while it is resized


def page_start(frame: int, first: int, width: int, frames: int) -> int:
    """Return the first visible frame of the page with `frame`; unchanged while that page is shown."""
    if width <= 0 or frames <= width:
        return 0
    first = min(max(0, first), frames - width)
    if first <= frame < first + width:
        return first
    return min(frame // width * width, frames - width)


def row_start(level: int, first: int, rows: int, levels: int) -> int:
    """Return the first visible level with which `level` is visible, changed as little as possible."""
    if rows <= 0 or levels <= rows:
        return 0
    first = min(max(0, first), levels - rows)
    return min(first, level) if level < first + rows else level - rows + 1


@dataclass(frozen=True)
class PaneRows:
    """Rows of one pane: a header, a ruler, `wave` rows of waveform, and `grid` rows of levels with `tall` rows each."""

    wave: int
    grid: int
    tall: int = 1
    is_hidden: bool = False

    @property
    def levels(self) -> int:
        """The number of visible levels."""
        return self.grid // self.tall

    @property
    def total(self) -> int:
        """All rows of the pane; 0 while the other pane has the whole screen."""
        return 0 if self.is_hidden else FRAME + self.wave + self.grid


@dataclass(frozen=True)
class Split:
    """How the user divided the rows between the panes.

    Attributes:
        share: the part of the rows that pane A has; None while both are as high as their levels need.
        zoomed: whether the focused pane has the whole screen.
    """

    share: float | None = None
    zoomed: bool = False

    def moved(self, height: int, rows: int) -> "Split":
        """The split at which pane A has so many rows of a terminal of this height, as far as pane B keeps its least."""
        space = max(1, height - BARS)
        return Split(min(max(LEAST_PANE, rows), max(LEAST_PANE, space - LEAST_PANE)) / space)


AUTOMATIC = Split()


def divide_rows(
    height: int, levels: tuple[int, int], focus: int, split: Split, tallest: int = TALLEST, wanted_tall: int = 0
) -> tuple[PaneRows, PaneRows]:
    """Divide the `height` rows of a terminal between panes A and B: as the user did, or by `share_rows`."""
    space = max(2 * LEAST_PANE, height - BARS)
    if split.zoomed:
        whole, hidden = _filled(space, levels[focus], tallest, wanted_tall), PaneRows(0, 1, is_hidden=True)
        return (whole, hidden) if focus == 0 else (hidden, whole)
    if split.share is None:
        return share_rows(height, *levels, focus, tallest, wanted_tall)
    rows = min(max(LEAST_PANE, round(split.share * space)), space - LEAST_PANE)
    return _filled(rows, levels[0], tallest, wanted_tall), _filled(space - rows, levels[1], tallest, wanted_tall)


def _filled(rows: int, levels: int, tallest: int, wanted_tall: int) -> PaneRows:
    """Fill a pane of `rows` rows: the levels come first, as high as leaves room for a waveform, which has the rest."""
    space, levels = max(1, rows - FRAME), max(1, levels)
    if levels >= space:
        return PaneRows(0, space)
    fitting = (space - LEAST_WAVE) // levels
    tall = max(1, min(wanted_tall, space // levels) if wanted_tall else min(tallest, FILLED_TALLEST, fitting))
    return PaneRows(space - tall * levels, tall * levels, tall)


def share_rows(
    height: int, levels_a: int, levels_b: int, focus: int, tallest: int = TALLEST, wanted_tall: int = 0
) -> tuple[PaneRows, PaneRows]:
    """Share the `height` rows of a terminal between panes A and B.

    Levels come first, and waveforms get the remaining rows. On a high terminal each level is up to `tallest` rows high
    (each further row costs as many bytes as the first), or `wanted_tall` if that fits. If the levels do not fit, the
    focused pane gets the rows it needs, and both grids follow the cursor.
    """
    space, tall = height - BARS - 4, 1
    wanted = [max(1, levels_a), max(1, levels_b)]
    if sum(wanted) > space:
        least = min(wanted[focus], max(1, space - min(wanted[1 - focus], space // 2)))
        grids = [0, 0]
        grids[focus] = least
        grids[1 - focus] = max(1, min(wanted[1 - focus], space - least))
        waves = [0, 0]
    else:
        fitting = (space - 2 * LEAST_WAVE) // sum(wanted)
        tall = max(1, min(wanted_tall, space // sum(wanted)) if wanted_tall else min(tallest, fitting))
        grids, spare = [tall * levels for levels in wanted], space - tall * sum(wanted)
        waves = [min(MAX_WAVE, spare // 2)] * 2
        if waves[0] < MAX_WAVE:
            waves[0] += spare % 2  # never the focused pane: a row that moves repaints everything below it
    return PaneRows(waves[0], grids[0], tall), PaneRows(waves[1], grids[1], tall)

"""The strips above a grid: the ruler with the playhead, and the waveform or the spectrogram.

Both show the frames of one page and share the grid's gutter, so column `GUTTER + i` is frame `first + i` in all three.
The playhead is in the ruler and not in the grid, so each step sends only two cells.
"""

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from protocol.ranges import FrameRange
from protocol.tempo import Tempo
from tui.model.timing import bar_ruler
from tui.model.viewport import GUTTER
from tui.model.waveform import RAMP, SHADES, ramp_glyph
from tui.widgets.code_grid import PAINTS
from tui.widgets.lines import BOLD, DIM, PLAIN, Lines

PLAYHEAD = Style(color=Color.from_ansi(16), bgcolor=Color.from_ansi(231), bold=True)
_BAR = Style(bgcolor=Color.from_ansi(66))
_EDGE = Style(bgcolor=Color.from_ansi(238))
STEPS_S = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0)
LABEL_EVERY = 16  # columns at least between two labels


class TimeStrip(Lines):
    """A strip along time, on which the mouse chooses a time."""

    class Pressed(Message):
        """The message that a mouse button went down at a column of the page, or that the mouse was dragged to it."""

        def __init__(self, strip: "TimeStrip", column: int, *, is_drag: bool) -> None:
            super().__init__()
            self.strip, self.column, self.is_drag = strip, column, is_drag

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Report the pressed column, and follow the mouse until the button is released."""
        if event.x >= GUTTER and event.button == 1:
            self.capture_mouse()
            self.post_message(self.Pressed(self, event.x - GUTTER, is_drag=False))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Report the column that the mouse was dragged to, the nearest one if it left the strip."""
        if self.app.mouse_captured is self and event.button == 1:
            column = max(0, min(event.x, self.size.width - 1) - GUTTER)
            self.post_message(self.Pressed(self, column, is_drag=True))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Stop following the mouse."""
        self.release_mouse()


@dataclass(frozen=True)
class RulerView:
    """What a ruler shows. Positions are in columns of `zoom` frames.

    Attributes:
        first: the first column.
        target: the columns that a swap from the other pane would change.
        loop: the columns that repeat.
        marks: column by letter.
        tempo: bars and beats are shown in place of seconds; None for seconds.
    """

    first: int
    frames: int
    frame_rate: float
    playhead: int | None = None
    target: FrameRange | None = None
    loop: FrameRange | None = None
    marks: tuple[tuple[str, int], ...] = ()
    tempo: Tempo | None = None


class Ruler(TimeStrip):
    """The ruler: seconds or bars, the playhead `v`, a loop in brackets, a swap's target as `=`, marks as letters."""

    DEFAULT_CSS = "Ruler { height: 1; width: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._view: RulerView | None = None

    def show(self, view: RulerView | None) -> None:
        """Draw a view; nothing is repainted if it is equal."""
        if view != self._view:
            self._view = view
            self.refresh()

    def line(self, y: int, width: int) -> Strip:
        view = self._view
        if view is None or width <= GUTTER:
            return Strip.blank(width)
        columns = width - GUTTER
        if view.tempo is None:
            cells = list(ruler_text(view.first, view.frames, view.frame_rate, columns))
        else:
            cells = list(bar_ruler(view.first, view.frames, view.frame_rate, columns, view.tempo, LABEL_EVERY // 2))
        if view.target is not None:
            for frame in range(max(view.first, view.target.first), min(view.first + columns, view.target.past)):
                cells[frame - view.first] = "="
        for letter, at in view.marks:
            if 0 <= at - view.first < columns:
                cells[at - view.first] = letter
        styles = [DIM] * columns
        if view.loop is not None:
            for at in range(max(view.first, view.loop.first), min(view.first + columns, view.loop.past)):
                styles[at - view.first] = BOLD
            for at, char in ((view.loop.first, "["), (view.loop.past - 1, "]")):
                if 0 <= at - view.first < columns:
                    cells[at - view.first] = char
        for at, char, shown in ((0, "<", view.first > 0), (columns - 1, ">", view.first + columns < view.frames)):
            if shown:
                cells[at], styles[at] = char, PLAIN
        at = -1 if view.playhead is None else view.playhead - view.first
        if 0 <= at < columns:
            cells[at], styles[at] = "v", PLAYHEAD
        runs = groupby(zip(cells, styles, strict=True), key=lambda cell: cell[1])
        return Strip(
            [Segment(" " * GUTTER, PLAIN), *(Segment("".join(c for c, _ in run), style) for style, run in runs)]
        )


def ruler_text(first: int, frames: int, frame_rate: float, columns: int) -> str:
    """Return a ruler such as `0.0       .       0.5`, with every label at the column of its time."""
    step = next((s for s in STEPS_S if s * frame_rate >= LABEL_EVERY), 3600.0)
    half = step / 2
    cells = [" "] * columns
    number = int(np.ceil(first / frame_rate / half - 1e-9))
    while True:
        column = round(number * half * frame_rate) - first
        if column >= columns or column + first >= max(1, frames):
            return "".join(cells)
        text = f"{number * half:.2f}".rstrip("0").rstrip(".") if number % 2 == 0 else "."
        if number % 2 == 0 and "." not in text:
            text += ".0" if step < 1 else "s"
        for offset, char in enumerate(text[: columns - column]):
            cells[column + offset] = char
        number += 1


@dataclass(frozen=True)
class WaveView:
    """Heights in [0, 1] of the visible cells, or the shades of a spectrogram (rows, n); `key` changes with them."""

    heights: npt.NDArray[np.float32]
    key: Any
    shades: npt.NDArray[np.int8] | None = None
    palette: str = "cividis"


class Wave(TimeStrip):
    """The peaks of the decoded sound (one row of ASCII, or mirrored bars in more rows), or its spectrogram."""

    DEFAULT_CSS = "Wave { width: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._view: WaveView | None = None

    def show(self, view: WaveView | None) -> None:
        """Draw a view; nothing is repainted if it is equal."""
        if (view and view.key) != (self._view and self._view.key):
            self._view = view
            self.refresh()

    def line(self, y: int, width: int) -> Strip:
        view = self._view
        rows = self.size.height
        word = "wave" if view is None or view.shades is None else "spectrum"
        label = f"  {word:<{GUTTER - 2}}" if y == rows // 2 else " " * GUTTER
        if view is None:
            return Strip([Segment(label, DIM)])
        if view.shades is not None:
            return Strip([Segment(label, DIM), *self._shade_row(view, y)])
        if rows == 1:
            text = "".join(ramp_glyph(float(height)) for height in view.heights)
            return Strip([Segment(label, DIM), Segment(text, PLAIN)])
        return Strip([Segment(label, DIM), *self._bar_row(view.heights, y, rows)])

    def _shade_row(self, view: WaveView, y: int) -> list[Segment]:
        """Return row `y` of the spectrogram, highest band on top, in the palette's colours or as letters."""
        if view.shades is None or y >= len(view.shades):
            return []
        shades = view.shades[y]
        cuts = np.flatnonzero(shades[1:] != shades[:-1]) + 1
        starts = [0, *cuts.tolist(), len(shades)]
        return [self._shade(view.palette, int(shades[a]), b - a) for a, b in pairwise(starts) if b > a]

    def _shade(self, palette: str, shade: int, length: int) -> Segment:
        if shade < 0:
            return Segment(" " * length, PLAIN)
        if self.tier.glyphs:
            return Segment(RAMP[shade * len(RAMP) // SHADES] * length, PLAIN)
        return Segment(" " * length, PAINTS[palette].cells[shade])

    def _bar_row(self, heights: npt.NDArray[np.float32], y: int, rows: int) -> list[Segment]:
        """Return row `y` of bars mirrored around the middle. Cells are empty, a bar's tip or its body."""
        middle = (rows - 1) / 2
        distance = abs(y - middle) / (rows / 2)
        filled = np.nan_to_num(heights, nan=0.0)
        half = 0.5 / rows
        looks = (filled > max(0.02, distance - half)).astype(np.int8) + (filled > distance + half).astype(np.int8)
        cuts = np.flatnonzero(looks[1:] != looks[:-1]) + 1
        starts = [0, *cuts.tolist(), len(looks)]
        segments: list[Segment] = []
        for first, past in pairwise(starts):
            if past > first:
                segments.append(self._bar(int(looks[first]), past - first))
        return segments

    def _bar(self, look: int, length: int) -> Segment:
        if look == 0:
            return Segment(" " * length, PLAIN)
        if self.tier.glyphs:
            return Segment("-#"[look - 1] * length, PLAIN)
        return Segment(" " * length, _BAR if look == 2 else _EDGE)

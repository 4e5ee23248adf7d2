"""A strand as coloured cells: a cell per code, a row per level, drawn with few bytes and little CPU time.

Data flow: the editor screen passes a `GridView` (what to draw) and calls `redraw` after changes;
`line` builds the strip of a row from a numpy slice of the visible frames, merged into runs. Cells are spaces with a
background, so no glyph's width is ambiguous; a letter shows the value on terminals with few colours. Strips are
cached by everything that changes a pixel. The view turns pages and does not scroll: see tui.model.viewport.

Marks are glyphs, never hue: `*` changed since it was opened, `/` selected, `X` both, and the cursor inverse. A cell
whose value is not known yet is a `.` without a colour.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.model.colours import BINS, DARK, DARK_BINS, LETTERS, LIGHT, MUTED, PALETTES, Tier
from tui.model.cursor import Cursor
from tui.model.viewport import GUTTER
from tui.model.words import level_name
from tui.widgets.grid_view import CURSOR_AT, MARK_AT, UNKNOWN, GridView
from tui.widgets.lines import BOLD, DIM, PLAIN, Lines

CACHED_STRIPS = 512


class Paints:
    """Styles of cells by bin + BINS * muted. Each Style object is shared, so that rich caches its escape codes."""

    def __init__(self, palette: str) -> None:
        colours = PALETTES[palette] + MUTED
        dark = DARK_BINS[palette]
        inks = (LIGHT,) * dark + (DARK,) * (BINS - dark) + (250,) * 8 + (DARK,) * 4
        self.cells = [Style(bgcolor=Color.from_ansi(colour)) for colour in colours]
        self.inked = [
            Style(color=Color.from_ansi(ink), bgcolor=Color.from_ansi(colour))
            for ink, colour in zip(inks, colours, strict=True)
        ]


PAINTS = {name: Paints(name) for name in PALETTES}
_CURSOR = Style(color=Color.from_ansi(16), bgcolor=Color.from_ansi(231), bold=True)
_CURSOR_AWAY = Style(color=Color.from_ansi(231), bgcolor=Color.from_ansi(240), bold=True)
_GLYPH_STYLES = (PLAIN, Style(dim=True), PLAIN)  # heard, muted, unknown
MARKS = " */X"


class CodeGrid(Lines):
    """The grid of one pane, with the level names left of it."""

    DEFAULT_CSS = "CodeGrid { width: 1fr; }"

    class Pressed(Message):
        """The message that a mouse button went down on a cell, or that the mouse was dragged to it."""

        def __init__(self, grid: "CodeGrid", cursor: Cursor, *, is_drag: bool) -> None:
            super().__init__()
            self.grid = grid
            self.cursor = cursor
            self.is_drag = is_drag

        @property
        def control(self) -> Widget:
            return self.grid

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.view: GridView | None = None
        self._strips: dict[Any, Strip] = {}
        self._drawn: list[Any] = []

    def show(self, view: GridView | None) -> None:
        """Draw a view. Only rows that look different are repainted."""
        self.view = view
        self.redraw()

    def redraw(self) -> None:
        """Repaint the rows whose keys changed since they were drawn."""
        keys = [self._key(y, self.size.width) for y in range(self.size.height)]
        if len(keys) != len(self._drawn):
            self.refresh()
        else:
            for y, (key, drawn) in enumerate(zip(keys, self._drawn, strict=True)):
                if key != drawn:
                    self.refresh_line(y)
        self._drawn = keys

    def refresh_line(self, y: int) -> None:
        """Repaint one row of the widget."""
        self.refresh(Region(0, y, self.size.width, 1))

    def line(self, y: int, width: int) -> Strip:
        key = self._key(y, width)
        found = self._strips.get(key)
        if found is None:
            if len(self._strips) >= CACHED_STRIPS:
                self._strips.clear()
            found = self._strips[key] = self._draw(y, width)
        return found

    def _key(self, y: int, width: int) -> Any:
        """Return everything that changes a pixel of row `y`, as a cache key."""
        view = self.view
        if view is None:
            return (y if y == 0 else -1, width)
        level = view.first_level + y // view.tall
        if level >= view.grid.levels:
            return (-2, width)
        cursor = view.cursor.frame // view.zoom if view.cursor.level == level else -1
        rect = view.rect
        selected = rect.frames if rect is not None and level in rect.levels else None
        return (
            view.grid.id,
            level,
            view.grid.versions[level],
            view.bins_key,
            view.first_frame,
            view.zoom,
            view.palette,
            width,
            cursor,
            selected,
            view.focused,
            level in view.muted,
            y % view.tall > 0,
            None if view.surprise is None else view.surprise.version,
            None if view.drawn is None else (view.drawn.cause, view.drawn.key(level)),
            self._hidden(y),
            self.tier,
        )

    def _hidden(self, y: int) -> str:
        """Return the mark of a row beside which levels are hidden: `^` above the page, `v` below it, else a blank."""
        view = self.view
        if view is None or y % view.tall:
            return " "
        shown = self.size.height // view.tall
        if y == 0 and view.first_level > 0:
            return "^"
        return "v" if y // view.tall == shown - 1 and view.first_level + shown < view.grid.levels else " "

    def _draw(self, y: int, width: int) -> Strip:
        view = self.view
        if view is None:
            return Strip([Segment("  no strand here: :open FILE, or pick one in the library (g l)" if y == 0 else "")])
        level = view.first_level + y // view.tall
        if level >= view.grid.levels:
            return Strip.blank(width)
        if y % view.tall:
            return Strip([Segment(" " * GUTTER), *self._cells(view, level, width - GUTTER, False)])
        muted = level in view.muted
        here = view.cursor.level == level and view.focused
        name = level_name(level, view.grid.levels)
        label = f" {'>' if here else ' '}{name:<7}{'m' if muted else ' '}{self._hidden(y)}"
        segments = [Segment(label, BOLD if here else DIM if muted else PLAIN)]
        segments += self._cells(view, level, width - GUTTER, True)
        return Strip(segments)

    def _cells(self, view: GridView, level: int, width: int, is_first: bool) -> list[Segment]:
        first, zoom = view.first_frame, view.zoom
        looks = view.looks(level, max(0, width))
        if not len(looks):
            return []
        rect = view.rect
        if rect is not None and level in rect.levels:
            selected = slice(max(0, rect.frames.first - first) // zoom, max(0, -(-(rect.frames.past - first) // zoom)))
            looks[selected] += 2 * MARK_AT
        at = (view.cursor.frame - first) // zoom
        if view.cursor.level == level and 0 <= at < len(looks):
            looks[at] += CURSOR_AT * (1 if view.focused else 2)
        cuts = np.flatnonzero(looks[1:] != looks[:-1]) + 1
        starts = [0, *cuts.tolist(), len(looks)]
        paints = None if self.tier.glyphs else PAINTS[view.palette]
        return [_segment(paints, int(looks[a]), b - a, is_first) for a, b in pairwise(starts)]

    def cell_at(self, x: int, y: int) -> Cursor | None:
        """Return the cell at a position in the widget, or None."""
        view = self.view
        if view is None or x < GUTTER:
            return None
        cursor = Cursor(view.first_level + y // view.tall, view.first_frame + (x - GUTTER) * view.zoom)
        return cursor if cursor == cursor.inside(view.grid.levels, view.grid.frames) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Report the pressed cell to the screen, and follow the mouse until the button is released."""
        cursor = self.cell_at(event.x, event.y)
        if cursor is not None and event.button == 1:
            self.capture_mouse()
            self.post_message(self.Pressed(self, cursor, is_drag=False))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Report the cell that the mouse was dragged to, the nearest one if it left the grid."""
        if self.app.mouse_captured is self and event.button == 1:
            x, y = max(GUTTER, min(event.x, self.size.width - 1)), max(0, min(event.y, self.size.height - 1))
            cursor = self.cell_at(x, y)
            if cursor is not None:
                self.post_message(self.Pressed(self, cursor, is_drag=True))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Stop following the mouse."""
        self.release_mouse()


def _look(look: int) -> tuple[int, int, int]:
    """Split a look into bin + BINS * muted or UNKNOWN, mark and cursor."""
    cursor, rest = divmod(look, CURSOR_AT)
    mark, shade = divmod(rest, MARK_AT)
    return shade, mark, cursor


def _segment(paints: Paints | None, look: int, length: int, is_first: bool) -> Segment:
    if paints is None:
        return _glyph_segment(look, length)
    shade, mark, cursor = _look(look)
    if cursor:
        glyph = "+*/X"[mark] if is_first else " "
        return Segment(glyph * length, _CURSOR if cursor == 1 else _CURSOR_AWAY)
    if shade == UNKNOWN:
        return Segment((MARKS[mark] if mark & 2 or (mark and is_first) else ".") * length, DIM)
    if mark & 2 or (mark and is_first):
        return Segment(MARKS[mark] * length, paints.inked[shade])
    return Segment(" " * length, paints.cells[shade])


def _glyph_segment(look: int, length: int) -> Segment:
    shade, mark, cursor = _look(look)
    letter = "." if shade == UNKNOWN else LETTERS[shade % BINS]
    if mark & 1:
        letter = "*" if shade == UNKNOWN else letter.upper()
    style = _GLYPH_STYLES[shade // BINS]
    if mark & 2 or cursor:
        # inside a selection the cursor is the only cell that is not inverse
        style += Style(reverse=bool(mark & 2) != (cursor == 1), bold=cursor > 0, underline=cursor > 0)
    return Segment(letter * length, style)


def tier_of(color_system: str | None, no_color: bool) -> Tier:
    """Return the colour tier for a rich console's colour system."""
    if no_color or color_system is None:
        return Tier.NONE
    return {"256": Tier.CUBE256, "truecolor": Tier.TRUECOLOR}.get(color_system, Tier.ANSI16)

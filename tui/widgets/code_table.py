"""All codes of a level as a grid of numbers. A colour (or a letter, on terminals with few colours) shows their use.

Rows are strips cached by everything that changes a pixel. The view turns pages and does not scroll, so a move repaints
two cells.
"""

from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.model.codebook import CELL
from tui.model.colours import LETTERS
from tui.widgets.code_grid import PAINTS
from tui.widgets.lines import PLAIN, Lines

_CURSOR = Style(reverse=True, bold=True)
CACHED_STRIPS = 256


@dataclass(frozen=True)
class TableView:
    """What to draw: codes in order, their use and marks, and the first row of the page."""

    codes: tuple[int, ...]
    heat: tuple[int, ...]
    marks: str
    columns: int
    first_row: int
    place: int
    palette: str = "cividis"


class CodeTable(Lines):
    """The table of codes of the Codebook screen."""

    DEFAULT_CSS = "CodeTable { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.view: TableView | None = None
        self._strips: dict[Any, Strip] = {}
        self._drawn: list[Any] = []

    def show(self, view: TableView | None) -> None:
        """Draw a view. Only rows that look different are repainted."""
        self.view = view
        keys = [self._key(y) for y in range(self.size.height)]
        if len(keys) != len(self._drawn):
            self.refresh()
        else:
            for y, (key, drawn) in enumerate(zip(keys, self._drawn, strict=True)):
                if key != drawn:
                    self.refresh(Region(0, y, self.size.width, 1))
        self._drawn = keys

    def _key(self, y: int) -> Any:
        view = self.view
        if view is None:
            return None
        first = (view.first_row + y) * view.columns
        row = slice(first, first + view.columns)
        cursor = view.place - first if first <= view.place < first + view.columns else -1
        return view.codes[row], view.heat[row], view.marks[row], cursor, view.palette, self.tier

    def line(self, y: int, width: int) -> Strip:
        key = (self._key(y), width)
        found = self._strips.get(key)
        if found is None:
            if len(self._strips) >= CACHED_STRIPS:
                self._strips.clear()
            found = self._strips[key] = self._draw(key[0])
        return found

    def _draw(self, key: Any) -> Strip:
        if key is None or not key[0]:
            return Strip([])
        codes, heat, marks, cursor, palette, tier = key
        segments = [Segment(" ", PLAIN)]
        for at, (code, warm, mark) in enumerate(zip(codes, heat, marks, strict=True)):
            letter = LETTERS[warm] if tier.glyphs else ""
            text = f"{mark}{code:>{CELL - 2 - len(letter)}}{letter} "
            style = _CURSOR if at == cursor else PLAIN if tier.glyphs else PAINTS[palette].inked[warm]
            segments.append(Segment(text, style))
        return Strip(segments)

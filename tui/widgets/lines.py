"""A widget made of lines, which passes finished strips to the compositor without Textual's style cache.

Textual would merge the widget's own background into every segment of every line on each repaint. These widgets draw
all of their pixels themselves, by default in the terminal's own colours, so there is nothing to merge. Subclasses
implement `line(y, width)` and cache strips where it pays.
"""

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.model.colours import Tier

PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(color="color(244)")
REVERSE = Style(reverse=True)
Part = tuple[str, Style]


def clicking(action_id: str) -> Style:
    """Return a style without colours whose text runs an action when it is clicked."""
    return Style(meta={"action": action_id})


class Lines(Widget):
    """The base of all drawn widgets. `tier` is how much colour they may use."""

    can_focus = False

    def line(self, y: int, width: int) -> Strip:
        """Return the strip of row `y`, which may be shorter or longer than `width`."""
        raise NotImplementedError

    @property
    def tier(self) -> Tier:
        """The colour tier of the terminal."""
        return getattr(self.app, "tier", Tier.CUBE256)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of a region, exactly as wide as the region."""
        width, base = self.size.width, getattr(self.app, "base_style", None)
        full = max(width, crop.right)  # the compositor omits a strip that is narrower than its region
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.line(y, width).adjust_cell_length(full)
            if base is not None:
                strip = strip.apply_style(base)
            strips.append(strip if crop.column_span == (0, full) else strip.crop(*crop.column_span))
        return strips


class TextLine(Lines):
    """One line of styled parts, left and right aligned. If they do not fit, the last right parts are omitted."""

    DEFAULT_CSS = "TextLine { height: 1; width: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._left: list[Part] = []
        self._right: list[Part] = []

    def show(self, left: list[Part] | str, right: list[Part] | str = "") -> None:
        """Replace the text. Nothing is repainted when it is equal."""
        new_left = [(left, PLAIN)] if isinstance(left, str) else left
        new_right = [(right, PLAIN)] if isinstance(right, str) else right
        if (new_left, new_right) != (self._left, self._right):
            self._left, self._right = new_left, new_right
            self.refresh()

    @property
    def text(self) -> str:
        """The text of the line, without styles."""
        return "".join(text for text, _ in self._left) + "  " + "".join(text for text, _ in self._right)

    def line(self, y: int, width: int) -> Strip:
        left = parts_strip(self._left)
        rights = list(self._right)
        while rights and left.cell_length + 1 + parts_strip(rights).cell_length > width:
            rights.pop()  # the left side is more important, and on the right side the first part
        right = parts_strip(rights)
        return Strip.join([left.adjust_cell_length(max(0, width - right.cell_length)), right])


class TextBlock(Lines):
    """A sentence that is too long for a line, wrapped, and drawn over other widgets so that none of them moves."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.lines: list[str] = []
        self._style = PLAIN

    def on_mount(self) -> None:
        self.display = bool(self.lines)

    def show(self, text: str, style: Style, width: int, above: int = 0) -> None:
        """Show a text in as many lines as it needs, `above` rows over the bottom. Hidden if one line suffices."""
        lines = [] if cell_len(text) <= width else wrapped(text, width)
        if (lines, style) != (self.lines, self._style):
            self.lines, self._style = lines, style
            self.refresh()
        self.display = bool(lines)
        self.styles.height = max(1, len(lines))
        self.styles.offset = (0, -above)

    def line(self, y: int, width: int) -> Strip:
        return parts_strip([(self.lines[y], self._style)] if y < len(self.lines) else [])


def wrapped(text: str, width: int) -> list[str]:
    """Wrap a text to lines of at most `width` cells, indented by one cell. A word longer than a line is cut."""
    lines = Text(clean(text).strip()).wrap(Console(width=width), max(1, width - 2))
    return [f" {line.plain.rstrip()}" for line in lines]


def parts_strip(parts: list[Part]) -> Strip:
    """Return styled parts as a strip. Control characters are shown as "?"."""
    return Strip([Segment(clean(text), style) for text, style in parts if text])


def clean(text: str) -> str:
    """Return the text without control characters, since a file name may contain an escape sequence."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "?" for char in text)

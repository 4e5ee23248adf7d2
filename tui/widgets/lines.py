"""A widget that is nothing but lines: it hands finished strips to the compositor, past Textual's style cache.

Textual would merge the widget's own background into every segment of every line on each repaint. These widgets draw
all of their pixels themselves, in the terminal's own colours where none is given, so there is nothing to merge.
Subclasses implement `line(y, width)`; they cache what is worth it.
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


class Lines(Widget):
    """Base of all drawn widgets. `tier` is how much colour may be used."""

    can_focus = False

    def line(self, y: int, width: int) -> Strip:
        """The strip of row `y`; it may be shorter or longer than `width`."""
        raise NotImplementedError

    @property
    def tier(self) -> Tier:
        """How much colour the terminal shows."""
        return getattr(self.app, "tier", Tier.CUBE256)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Strips of a region, exactly as wide as it."""
        width = self.size.width
        full = max(width, crop.right)  # a strip short of its region is left out by the compositor
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.line(y, width).adjust_cell_length(full)
            strips.append(strip if crop.column_span == (0, full) else strip.crop(*crop.column_span))
        return strips


class TextLine(Lines):
    """One line of styled parts, left and right aligned; right ones are left out, last first, when not all fit."""

    DEFAULT_CSS = "TextLine { height: 1; width: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._left: list[Part] = []
        self._right: list[Part] = []

    def show(self, left: list[Part] | str, right: list[Part] | str = "") -> None:
        """Replace what is written; nothing is repainted when it is the same."""
        new_left = [(left, PLAIN)] if isinstance(left, str) else left
        new_right = [(right, PLAIN)] if isinstance(right, str) else right
        if (new_left, new_right) != (self._left, self._right):
            self._left, self._right = new_left, new_right
            self.refresh()

    @property
    def text(self) -> str:
        """What is written, without styles."""
        return "".join(text for text, _ in self._left) + "  " + "".join(text for text, _ in self._right)

    def line(self, y: int, width: int) -> Strip:
        left = parts_strip(self._left)
        rights = list(self._right)
        while rights and left.cell_length + 1 + parts_strip(rights).cell_length > width:
            rights.pop()  # the left is worth more, and on the right the first
        right = parts_strip(rights)
        return Strip.join([left.adjust_cell_length(max(0, width - right.cell_length)), right])


class TextBlock(Lines):
    """A sentence too long for a line, wrapped between words, over whatever is below: nothing moves for it."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.lines: list[str] = []
        self._style = PLAIN

    def on_mount(self) -> None:
        self.display = bool(self.lines)

    def show(self, text: str, style: Style, width: int, above: int = 0) -> None:
        """Show as many lines as a text needs, `above` rows over the bottom; none when it fits into one."""
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
    """Lines of at most `width` cells, each a cell from the edge; a word longer than a line is cut."""
    lines = Text(clean(text).strip()).wrap(Console(width=width), max(1, width - 2))
    return [f" {line.plain.rstrip()}" for line in lines]


def parts_strip(parts: list[Part]) -> Strip:
    """Styled parts as a strip; control characters in them are shown as "?"."""
    return Strip([Segment(clean(text), style) for text, style in parts if text])


def clean(text: str) -> str:
    """Text that cannot move the cursor: a file's name may hold an escape sequence."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "?" for char in text)

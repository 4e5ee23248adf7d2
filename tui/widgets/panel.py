"""A panel over the lower part of a screen: a title and a few rows, such as the keys after a prefix.

It lies over other widgets, so none of them moves, and only the cells that it covers are sent. It is drawn above the
lines at the bottom, which stay visible.
"""

from textual.strip import Strip

from tui.widgets.lines import BOLD, DIM, PLAIN, Lines, Part, clean, clicking, parts_strip

GAP = 3
NARROWEST = 26  # columns of an entry whose meaning is cut
Entry = tuple[str, str, str]
"""A word, its meaning or "", and the id of the action that a click on it runs or ""."""


class Panel(Lines):
    """Rows of entries under a title, hidden until `show` is called."""

    DEFAULT_CSS = "Panel { display: none; dock: bottom; layer: sentence; height: 1; width: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: list[list[Part]] = []

    @property
    def text(self) -> str:
        """The text of the panel, without styles."""
        return "\n".join("".join(text for text, _ in row) for row in self._rows)

    def show(self, title: str, entries: list[Entry], *, width: int, most: int, above: int) -> None:
        """Show entries in at most `most` rows, `above` rows over the bottom of the screen. No entries hide it."""
        if not entries or most < 2:
            self.hide()
            return
        rule = f"-- {title} "
        rows = [[(rule.ljust(width, "-")[:width], BOLD)], *laid_out(entries, width, most - 1)]
        if rows != self._rows:
            self._rows = rows
            self.refresh()
        self.styles.height = len(rows)
        self.styles.offset = (0, -above)
        self.display = True

    def hide(self) -> None:
        """Remove the panel from the screen."""
        self._rows = []
        self.display = False

    def line(self, y: int, width: int) -> Strip:
        return parts_strip(self._rows[y]) if y < len(self._rows) else Strip.blank(width)


def laid_out(entries: list[Entry], width: int, most: int) -> list[list[Part]]:
    """Lay entries out in columns of equal width, top to bottom. If they do not fit, the last row says how many more."""
    heads = max(len(clean(word)) for word, _, _ in entries)
    widest = max(len(_text(entry, heads)) for entry in entries) + GAP
    columns = max(1, (width - 1) // min(widest, width - 1))
    if columns * most < len(entries):  # rather cut the meanings than hide entries
        columns = max(columns, min(-(-len(entries) // most), (width - 1) // NARROWEST))
    rows = min(most, -(-len(entries) // columns))
    hidden = len(entries) - rows * columns
    if hidden > 0:
        rows = most - 1
        hidden = len(entries) - rows * columns
    cell = (width - 1) // columns
    laid = [
        [part for entry in entries[row : rows * columns : rows] for part in _parts(entry, heads, cell)]
        for row in range(rows)
    ]
    return [*laid, [(f" … {hidden} more; type on", DIM)]] if hidden > 0 else laid


def _text(entry: Entry, heads: int) -> str:
    word, meaning, _ = entry
    return f"{clean(word):<{heads}}  {clean(meaning)}" if meaning else clean(word)


def _parts(entry: Entry, heads: int, cell: int) -> list[Part]:
    """Return an entry as exactly `cell` columns, with a click that runs its action."""
    click = clicking(entry[2]) if entry[2] else PLAIN
    text = f" {_text(entry, heads)}"[: cell - 1].ljust(cell)
    head = min(len(text), 1 + heads)
    return [(text[:head], BOLD + click), (text[head:], PLAIN + click)]

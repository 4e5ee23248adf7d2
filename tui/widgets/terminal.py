"""The picture that the terminal shows, kept so that only cells that differ are sent.

Textual 8.2 sends a partial update from the left edge of its chop, so one cell far to the right costs kilobytes.
`DiffUpdate` wraps any update, compares it cell by cell with `Terminal`, the picture sent last, and writes only the
runs that differ. It writes a colour change only where the colour changes, not a full style and a reset for every
segment. All widgets and screens profit from this.

Boundary: `AlleleApp._display` wraps updates here; nothing else writes to the terminal while the app runs. What can go
wrong: something else did write (suspend, resize): `forget` makes the next update whole. Textual is pinned because
`ChopsUpdate` and `LayoutUpdate` are not public; tests/tui/pty counts the bytes.
"""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

# The two kinds of update of the pinned Textual; both contain only strips and their positions.
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

GAP = 6  # sending up to so many unchanged cells is cheaper than moving the cursor over them
_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}


class Terminal:
    """The picture sent last: the character and the SGR parameters of every cell, by row."""

    def __init__(self, no_color: bool = False) -> None:
        self.no_color = no_color
        self._rows: dict[int, tuple[list[str], list[str]]] = {}
        self._known = False
        self._size = (0, 0)
        self._sgr: dict[tuple[Style, ColorSystem | None], str] = {}

    def forget(self) -> None:
        """Discard the picture, after which the next update clears the terminal first."""
        self._known = False

    def resize(self, width: int, height: int) -> None:
        """Discard the picture if the terminal has another size now. Showing another screen keeps it."""
        if (width, height) != self._size:
            self._size = (width, height)
            self.forget()

    def clear(self) -> str:
        """Return what to send first: the sequence that clears the screen after `forget`, else ""."""
        if self._known:
            return ""
        self._known = True
        self._rows.clear()
        return "\x1b[m\x1b[2J"

    def sgr(self, style: Style | None, system: ColorSystem | None) -> str:
        """Return the SGR parameters of a style, "" for the terminal's default."""
        if style is None:
            return ""
        key = (style, system)
        found = self._sgr.get(key)
        if found is None:
            if len(self._sgr) > 4096:
                self._sgr.clear()
            if self.no_color:
                style = style.without_color
                system = ColorSystem.STANDARD
            found = style._make_ansi_codes(system) if system is not None else ""  # pyright: ignore[reportPrivateUsage]
            self._sgr[key] = found
        return found

    def row(self, y: int, width: int) -> tuple[list[str], list[str]]:
        """Return the characters and SGR parameters of a row, at least `width` cells."""
        chars, codes = self._rows.setdefault(y, ([], []))
        if len(chars) < width:
            codes.extend([""] * (width - len(codes)))
            chars.extend([" "] * (width - len(chars)))
        return chars, codes


class DiffUpdate(CompositorUpdate):
    """An update of Textual, reduced to what the terminal does not show yet."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, terminal: Terminal) -> None:
        self._update = update
        self._terminal = terminal

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.render_segments(console))

    def render_segments(self, console: Console) -> str:
        """Return the output to send, as text."""
        system = _SYSTEMS.get(console.color_system or "")
        pieces: list[str] = [self._terminal.clear()]
        for y, x, strip in self._strips():
            self._write(pieces, y, x, strip, system)
        return "".join(pieces)

    def _strips(self) -> Iterator[tuple[int, int, Iterable[Segment]]]:
        update = self._update
        if isinstance(update, LayoutUpdate):
            for y, line in enumerate(update.strips, update.region.y):
                yield y, update.region.x, [segment for strip in line for segment in strip]
            return
        for y, x1, x2 in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < x2 and end > x1:
                    yield y, max(x, x1), _crop(strip, max(x, x1) - x, min(end, x2) - x)

    def _write(
        self, pieces: list[str], y: int, x: int, segments: Iterable[Segment], system: ColorSystem | None
    ) -> None:
        chars, codes = _cells(segments, self._terminal, system)
        shown_chars, shown_codes = self._terminal.row(y, x + len(chars))
        differing = [
            i
            for i, (char, code) in enumerate(zip(chars, codes, strict=True), x)
            if char != shown_chars[i] or code != shown_codes[i]
        ]
        if not differing:
            return
        for first, past in _runs(differing):
            while first > x and chars[first - x] == "":  # never start in the middle of a wide character
                first -= 1
            pieces.append(f"\x1b[{y + 1};{first + 1}H")
            _emit(pieces, chars[first - x : past - x], codes[first - x : past - x])
        shown_chars[x : x + len(chars)] = chars
        shown_codes[x : x + len(chars)] = codes


def _crop(strip: Strip, first: int, past: int) -> Iterable[Segment]:
    return strip if first == 0 and past >= strip.cell_length else strip.crop(first, past)


def _cells(segments: Iterable[Segment], terminal: Terminal, system: ColorSystem | None) -> tuple[list[str], list[str]]:
    """Return one character and one SGR per cell of the segments. The second cell of a wide character is ""."""
    chars: list[str] = []
    codes: list[str] = []
    for text, style, control in segments:
        if control:
            continue
        code = terminal.sgr(style, system)
        if text.isascii():
            chars.extend(text)
            codes.extend([code] * len(text))
            continue
        for char in text:
            width = cell_len(char)
            if width == 0:
                if chars:
                    chars[-1] += char
                continue
            chars.extend([char, *[""] * (width - 1)])
            codes.extend([code] * width)
    return chars, codes


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges that cover all positions; gaps of up to GAP cells are included."""
    first = last = places[0]
    for place in places[1:]:
        if place - last > GAP:
            yield first, last + 1
            first = place
        last = place
    yield first, last + 1


def _emit(pieces: list[str], chars: list[str], codes: list[str]) -> None:
    """Append characters with colour changes where needed, and the terminal's default colours at the end."""
    now = ""
    start = 0
    for i in range(1, len(chars) + 1):
        if i < len(chars) and codes[i] == codes[start]:
            continue
        code = codes[start]
        if code != now:
            pieces.append(_change(now, code))
            now = code
        pieces.append("".join(chars[start:i]))
        start = i
    if now:
        pieces.append("\x1b[m")


def _change(now: str, code: str) -> str:
    """Return the shortest change of style that is always correct.

    A style that only sets a background may follow another such style without a reset; any other style needs one.
    """
    if not code:
        return "\x1b[m"
    if not now or (_is_plain_background(now) and _is_plain_background(code)):
        return f"\x1b[{code}m"
    return f"\x1b[0;{code}m"


def _is_plain_background(code: str) -> bool:
    return code.startswith("48;") and ";38;" not in code

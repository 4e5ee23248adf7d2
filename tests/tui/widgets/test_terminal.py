"""The diff against what the terminal shows: exact, short, and never in the middle of a wide character."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.terminal import DiffUpdate, Terminal

WIDTH = 12
STYLES = [
    None,
    Style(),
    Style(bgcolor=Color.from_ansi(17)),
    Style(bgcolor=Color.from_ansi(227)),
    Style(bold=True),
    Style(color=Color.from_ansi(231), bgcolor=Color.from_ansi(24)),
    Style(reverse=True),
]
CONSOLE = Console(color_system="256", force_terminal=True, file=None, _environ={})
TOKEN = re.compile(r"\x1b\[(\d*);?(\d*)H|\x1b\[([\d;]*)m|\x1b\[2J|(.)", re.DOTALL)

lines = st.lists(st.tuples(st.text("ab 漢é", min_size=1, max_size=4), st.sampled_from(STYLES)), min_size=1, max_size=6)


class Screen:
    """A minimal terminal: what the bytes would show. A cell is its character and its SGR state."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.x = self.y = 0
        self.style = ""

    def feed(self, text: str) -> None:
        for match in TOKEN.finditer(text):
            whole = match.group(0)
            if whole.endswith("H") and whole.startswith("\x1b"):
                self.y, self.x = int(match[1] or 1) - 1, int(match[2] or 1) - 1
            elif whole == "\x1b[2J":
                self.cells.clear()
            elif whole.startswith("\x1b"):
                self.style = self._after(match[3])
            else:
                wide = unicodedata.east_asian_width(whole) == "W"
                self.cells[self.y, self.x] = (whole, self.style)
                if wide:
                    self.cells[self.y, self.x + 1] = ("", self.style)
                self.x += 2 if wide else 1

    def _after(self, codes: str) -> str:
        if codes in ("", "0"):
            return ""
        if codes.startswith("0;"):
            return codes[2:]
        if self.style and codes.startswith("48;"):
            assert self.style.startswith("48;"), f"{codes} follows {self.style} without a reset"
            assert ";38;" not in self.style
        return codes

    def row(self, y: int) -> list[tuple[str, str]]:
        return [self.cells.get((y, x), (" ", "")) for x in range(WIDTH)]


def strip_of(parts: list[tuple[str, Style | None]]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(WIDTH)


def layout(strip: Strip) -> LayoutUpdate:
    return LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1))


def partial(strip: Strip, first: int, past: int) -> ChopsUpdate:
    return ChopsUpdate([{0: strip}], [(0, first, past)], [[WIDTH]])


def show(strip: Strip) -> list[tuple[str, str]]:
    screen = Screen()
    screen.feed(DiffUpdate(layout(strip), Terminal()).render_segments(CONSOLE))
    return screen.row(0)


@settings(max_examples=150)
@given(st.lists(lines, min_size=1, max_size=5))
def test_after_every_update_the_terminal_shows_the_last_picture(pictures: list[list[tuple[str, Style | None]]]) -> None:
    terminal, screen = Terminal(), Screen()
    for parts in pictures:
        strip = strip_of(parts)
        screen.feed(DiffUpdate(layout(strip), terminal).render_segments(CONSOLE))
        assert screen.row(0) == show(strip)


def test_the_same_picture_twice_sends_nothing() -> None:
    terminal = Terminal()
    strip = strip_of([("abc", STYLES[2])])
    assert DiffUpdate(layout(strip), terminal).render_segments(CONSOLE)
    assert DiffUpdate(layout(strip), terminal).render_segments(CONSOLE) == ""


def test_one_changed_cell_sends_one_cell() -> None:
    terminal = Terminal()
    DiffUpdate(layout(strip_of([("a" * WIDTH, STYLES[2])])), terminal).render_segments(CONSOLE)
    changed = strip_of([("a" * 9, STYLES[2]), ("b", STYLES[3]), ("aa", STYLES[2])])
    assert DiffUpdate(layout(changed), terminal).render_segments(CONSOLE) == "\x1b[1;10H\x1b[48;5;227mb\x1b[m"


def test_a_partial_update_touches_only_its_columns() -> None:
    terminal = Terminal()
    DiffUpdate(layout(strip_of([("a" * WIDTH, None)])), terminal).render_segments(CONSOLE)
    text = DiffUpdate(partial(strip_of([("b" * WIDTH, None)]), 4, 6), terminal).render_segments(CONSOLE)
    assert text == "\x1b[1;5Hbb"


def test_after_forget_everything_is_sent_on_a_cleared_screen() -> None:
    terminal = Terminal()
    strip = strip_of([("abc", None)])
    DiffUpdate(layout(strip), terminal).render_segments(CONSOLE)
    terminal.forget()
    assert DiffUpdate(layout(strip), terminal).render_segments(CONSOLE) == "\x1b[m\x1b[2J\x1b[1;1Habc"


def test_no_color_keeps_shape_and_drops_hue() -> None:
    text = DiffUpdate(layout(strip_of([("a", STYLES[5]), ("b", STYLES[6])])), Terminal(no_color=True)).render_segments(
        CONSOLE
    )
    assert "38;" not in text
    assert "48;" not in text
    assert "\x1b[7m" in text


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "a\nb", "\x07"])
def test_a_file_name_cannot_send_escape_sequences(hostile: str) -> None:
    from tui.widgets.lines import PLAIN, parts_strip

    text = parts_strip([(hostile, PLAIN)]).text
    assert text.isprintable()
    assert len(text) == len(hostile)

"""Drawn widgets give the compositor exactly the cells it asks for."""

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.input.keymap import default_keymap
from tui.screens.help import help_rows
from tui.widgets.lines import BOLD, PLAIN, TextLine
from tui.widgets.rows import Row, Rows
from tui.widgets.strips import ruler_text


class Bare(App[None]):
    CSS = "#rows { height: 4; padding: 0 0 0 1; }"

    def compose(self) -> ComposeResult:
        yield TextLine("line")
        yield Rows("rows")


async def test_every_crop_is_as_wide_as_asked() -> None:
    app = Bare()
    async with app.run_test(size=(30, 10)):
        rows = app.query_one(Rows)
        rows.fill([Row(f"row {n}", n) for n in range(9)])
        for crop in (rows.region.reset_offset, Region(3, 1, 5, 2), rows.size.region):
            strips = rows.render_lines(crop)
            assert [strip.cell_length for strip in strips] == [crop.width] * crop.height


async def test_what_does_not_fit_on_the_right_is_left_out_last_first() -> None:
    app = Bare()
    async with app.run_test(size=(30, 10)):
        line = app.query_one(TextLine)
        line.show([("left words", BOLD)], [("first ", PLAIN), ("second ", PLAIN)])
        assert line.line(0, 30).text == "left words" + " " * 7 + "first second "
        assert line.line(0, 20).text == "left words" + " " * 4 + "first "
        assert line.line(0, 8).text == "left words"[:8]


async def test_the_cursor_of_a_list_skips_headings_and_stays_in_view() -> None:
    app = Bare()
    async with app.run_test(size=(30, 10)):
        rows = app.query_one(Rows)
        rows.fill([Row("HEAD", heading=True), *(Row(f"row {n}", n) for n in range(9)), Row("note")])
        rows.step(0)
        assert rows.current == 0
        rows.step(100)
        assert rows.current == 8
        assert any(rows.line(y, 20).text.startswith("> row 8") for y in range(4))
        rows.step(-100)
        assert rows.line(0, 20).text.startswith("HEAD")
        rows.go(4)
        rows.fill([Row(f"row {n}", n) for n in range(3, 6)])
        assert rows.current == 4


@pytest.mark.parametrize("columns", [1, 20, 69, 189])
@pytest.mark.parametrize("first", [0, 47, 1000])
def test_labels_of_the_ruler_stand_where_their_time_is(columns: int, first: int) -> None:
    rate = 46.875
    text = ruler_text(first, 3000, rate, columns)
    assert len(text) == columns
    for label in text.replace(" . ", "   ").split():
        column = text.index(label)
        if column + len(label) < columns and column > 0 and label[0].isdigit() and not label.endswith("s"):
            assert abs((first + column) / rate - float(label)) <= 0.5 / rate


def test_help_goes_on_in_the_next_line_where_it_does_not_fit() -> None:
    keymap = default_keymap("vim")
    narrow, wide = (help_rows("editor", "256 colours", keymap, width) for width in (60, 1000))
    assert max(len(row.text) for row in narrow) <= 60
    assert not any(row.follows for row in wide) and len(narrow) > len(wide)
    assert [row.key for row in narrow if row.key] == [row.key for row in wide if row.key]
    words = [" ".join(row.text for row in rows).split() for rows in (narrow, wide)]
    assert words[0] == words[1]

"""The mouse on panes and lists, marks where something is hidden, and the transport with its loop."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events

from protocol.ranges import FrameRange
from tui.model.viewport import GUTTER

pytestmark = pytest.mark.usefixtures("clean")


async def drag(pilot: Any, selector: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(selector, offset=start)
    await pilot._post_mouse_events([events.MouseMove], selector, offset=end, button=1)
    await pilot.mouse_up(selector, offset=end)
    await pilot.pause()


async def test_a_drag_selects_cells_and_in_the_ruler_all_levels(with_two: Any) -> None:
    async with with_two((100, 30)) as (app, pilot):
        pane = app.editor.panes[0]
        last_row = app.screen.view.widgets[0].grid.size.height - 1
        await drag(pilot, "#grid-a", (GUTTER + 3, 0), (GUTTER + 8, last_row))
        rect = pane.rect(app.screen.context.grid)
        assert (rect.levels.first, rect.levels.last, rect.frames) == (0, 1, FrameRange(3, 9))
        await drag(pilot, "#grid-a", (GUTTER + 7, last_row), (GUTTER + 4, last_row))
        rect = pane.rect(app.screen.context.grid)
        assert (rect.levels.first, rect.height, rect.frames) == (1, 1, FrameRange(4, 8)), "a new drag, a new selection"
        await drag(pilot, "#ruler-a", (GUTTER + 2, 0), (GUTTER + 5, 0))
        rect = pane.rect(app.screen.context.grid)
        assert (rect.height, rect.frames) == (app.screen.context.grid.levels, FrameRange(2, 6))
        await pilot.click("#grid-b", offset=(GUTTER + 4, 0))
        assert app.editor.focus == 1 and app.editor.panes[1].cursor.frame == 4
        assert app.editor.panes[1].selection is None


async def test_the_wheel_moves_in_time_over_levels_and_in_lists(with_two: Any, until: Any) -> None:
    async with with_two((100, 30)) as (app, pilot):
        await pilot._post_mouse_events([events.MouseScrollDown], "#grid-a", offset=(20, 0))
        frame = app.editor.panes[0].cursor.frame
        assert frame == app.editor.panes[0].columns // 8
        await pilot._post_mouse_events([events.MouseScrollDown], "#grid-a", offset=(20, 0), shift=True)
        assert (app.editor.panes[0].cursor.level, app.editor.panes[0].cursor.frame) == (1, frame)
        await pilot.press("?")
        await pilot.pause()
        before = app.screen.rows.current
        await pilot._post_mouse_events([events.MouseScrollDown], "#help-rows", offset=(5, 5))
        assert app.screen.rows.current != before


async def test_marks_say_where_levels_and_rows_are_hidden(with_two: Any, until: Any) -> None:
    async with with_two((80, 18)) as (app, pilot):
        grid = app.screen.view.widgets[0].grid
        assert grid.line(0, 80).text[GUTTER - 1] == " ", "both levels fit"
        grid.view = replace(grid.view, tall=2)  # room for one of them
        assert grid.line(0, 80).text[GUTTER - 1] == "v"
        grid.view = replace(grid.view, tall=2, first_level=1)
        assert grid.line(0, 80).text[GUTTER - 1] == "^"
        await pilot.press("?")
        await until(pilot, lambda: len(app.screen.rows.rows) > 20 and app.screen.rows.size.height)
        rows = app.screen.rows
        assert rows.line(rows.size.height - 1, 60).text.rstrip().endswith("v")


async def test_the_transport_shows_where_it_plays_and_the_ruler_the_loop(
    opened: Any, long_sound: Path, until: Any
) -> None:
    async with opened((80, 24), open_paths=[long_sound]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid and not app.sound.why_not)
        screen = app.screen
        await pilot.press("4", "7", "|")
        assert " 1.00 / 4.0" in screen.top.text
        await pilot.press("L", "v", *"9l")
        ruler = screen.view.widgets[0].ruler
        text = ruler.line(0, 80).text
        assert (text[GUTTER + 47], text[GUTTER + 56]) == ("[", "]")
        await pilot.press("enter")
        await until(pilot, lambda: "▶ 1.1" in screen.top.text)
        await pilot.press("!", "L")
        await until(pilot, lambda: "▶" not in screen.top.text)
        assert "[" not in ruler.line(0, 80).text
        await pilot.press("escape", "0", "1", "5", "0", "|", "space")
        await until(pilot, lambda: app.sound.playing)
        await pilot.press("0")
        await until(pilot, lambda: (app.sound.playhead(screen.context.grid) or 0) > 155)
        assert app.editor.pane.first_frame == 0, "moving the cursor keeps the page until the next start"

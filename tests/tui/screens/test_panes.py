"""Panes that are resized and zoomed, and themes that are tried in a list, at a small and a large size."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tui.model.viewport import BARS, LEAST_PANE
from tui.settings import settings_file

pytestmark = pytest.mark.usefixtures("clean")
SIZES = ((80, 24), (200, 50))


def heights(app: Any) -> list[int]:
    """The rows of both panes as Textual laid them out; 0 for a hidden one."""
    parents = [widgets.header.parent for widgets in app.screen.view.widgets]
    return [parent.region.height if parent.display else 0 for parent in parents]


@pytest.mark.parametrize("size", SIZES)
async def test_panes_are_resized_and_zoomed_and_their_sizes_are_remembered(
    opened: Any, with_two: Any, until: Any, size: tuple[int, int]
) -> None:
    async with with_two(size) as (app, pilot):
        whole = size[1] - BARS
        await until(pilot, lambda: heights(app) == [pane.rows for pane in app.editor.panes])
        before = heights(app)
        await pilot.press("ctrl+w", "-")
        await until(pilot, lambda: heights(app) == [before[0] - 1, whole - before[0] + 1])
        await pilot.press("3", "ctrl+w", "+")
        await until(pilot, lambda: heights(app) == [before[0] + 2, whole - before[0] - 2])
        await pilot.press("tab", "ctrl+w", "+")
        await until(pilot, lambda: heights(app) == [before[0] + 1, whole - before[0] - 1])
        await pilot.press("1", "0", "0", "ctrl+w", "-")
        await until(pilot, lambda: heights(app) == [whole - LEAST_PANE, LEAST_PANE])
        assert app.screen.view.widgets[1].grid.region.height == 1, "one level stays in sight"
        await pilot.press("ctrl+w", "-")
        assert "as low as it can be" in app.screen.mode.text
        await pilot.press("ctrl+w", "z")
        await until(pilot, lambda: heights(app) == [0, whole])
        assert "zoomed" in app.screen.view.widgets[1].header.text
        await pilot.press("ctrl+w", "+")
        assert "the pane has the whole screen" in app.screen.mode.text
        await pilot.press("ctrl+w", "w")
        await until(pilot, lambda: heights(app) == [whole, 0] and app.editor.focus == 0)
        await pilot.pause(0.4)  # the workspace is saved in a moment
    async with opened(size) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and heights(app) == [whole, 0])
        await pilot.press("ctrl+w", "z")
        await until(pilot, lambda: heights(app) == [whole - LEAST_PANE, LEAST_PANE])
        await pilot.press("ctrl+w", "=")
        await until(pilot, lambda: heights(app) == before)


async def test_the_wheel_moves_in_the_pane_that_is_zoomed(with_two: Any, until: Any) -> None:
    async with with_two((80, 24)) as (app, pilot):
        await pilot.press("ctrl+w", "z")
        await until(pilot, lambda: heights(app)[1] == 0)
        app.screen.on_mouse_scroll_down(_wheel())
        assert app.editor.focus == 0 and app.editor.panes[0].cursor.frame > 0


def _wheel() -> Any:
    from textual.events import MouseScrollDown

    return MouseScrollDown(None, 20, 10, 0, 1, 0, False, False, False, screen_x=20, screen_y=10)


@pytest.mark.parametrize("size", SIZES)
async def test_moving_in_the_list_of_themes_shows_them_and_enter_keeps_one(
    with_two: Any, until: Any, home: Path, size: tuple[int, int]
) -> None:
    file = settings_file(home)
    file.write_text("# mine\nfollow = true\n")
    try:
        async with with_two(size) as (app, pilot):
            assert app.theme == "terminal" and app.base_style is None
            await pilot.press("z", "t", "down")
            shown = app.theme
            assert shown != "terminal" and app.base_style is not None
            await until(pilot, lambda: _background(app) == app.base_style.bgcolor.triplet)
            await pilot.press("down")
            assert app.theme not in ("terminal", shown)
            await pilot.press("escape")
            assert app.theme == "terminal" and app.base_style is None
            assert file.read_text() == "# mine\nfollow = true\n"
            await pilot.press("z", "t", *"nord", "enter")
            assert app.theme == "nord"
            assert tomllib.loads(file.read_text()) == {"theme": "nord", "follow": True} and "# mine" in file.read_text()
            await pilot.press("z", "t", *"drac", "enter")
            assert tomllib.loads(file.read_text()) == {"theme": "dracula", "follow": True}
            file.write_text("theme = nord")
            await pilot.press("z", "t", *"nord", "enter")
            assert app.theme == "nord" and "is not kept" in app.screen.mode.text
            assert file.read_text() == "theme = nord", "a file that cannot be read is not changed"
    finally:
        file.unlink()


def _background(app: Any) -> Any:
    """The background that the words line is drawn on."""
    segment = next(iter(app.top_screen.words.render_lines(app.top_screen.words.size.region)[0]))
    return segment.style.bgcolor.triplet if segment.style and segment.style.bgcolor else None

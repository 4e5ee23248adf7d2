"""Prompts lose no typing: offers are replaced, refused answers stay, keys never act on what lies below."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")


async def test_typing_replaces_an_offer_and_a_moved_cursor_keeps_it(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        prompt = app.screen.prompt
        for opening in (("e", "n"), ("e", "s"), ("ctrl+s",)):
            await pilot.press(*opening)
            offer = prompt.value
            assert offer
            await pilot.press("x")
            assert prompt.value == "x", "typing takes the place of an offer"
            await pilot.press("escape", *opening, "end", "x")
            assert prompt.value == offer + "x", "an offer can be added to"
            await pilot.press("escape")


async def test_a_refused_answer_stays_with_its_text_and_the_reason(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, prompt = app.screen.context.grids()[0], app.screen.prompt
        await pilot.press("R", *"nonsense", "enter")
        assert prompt.is_open and prompt.value == "nonsense"
        assert "nonsense" in app.screen.mode.text
        await pilot.press("escape", "R")
        assert prompt.value == "0.3 seed=1", "what is offered is what worked"
        await pilot.press("escape", "K")
        await until(pilot, lambda: a.info.locked)
        await pilot.press("r", *"3", "enter")
        await until(pilot, lambda: prompt.is_open)
        assert prompt.value == "3" and "locked" in app.screen.mode.text, "the daemon's refusal comes back too"


async def test_a_late_refusal_takes_no_keys_that_were_typed_meanwhile(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        await pilot.press("K")
        await until(pilot, lambda: a.info.locked)
        screen = app.screen
        for key in ("r", "3", "enter", "l", "l"):  # faster than the daemon answers
            screen.keys.feed(key)
        await until(pilot, lambda: "locked" in screen.mode.text)
        assert not screen.prompt.is_open
        assert app.editor.pane.cursor.frame == 2
        await pilot.press("r", "up")
        assert screen.prompt.value == "3", "the refused text is recalled"


async def test_backspace_never_reaches_the_screen_below(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        app.keymap = app.own_keys.keymap("tracker")
        await pilot.press(":", *"set 3 q0 @0:1", "enter")
        await until(pilot, lambda: a.rev == 1)
        await pilot.press(":", "a", *["backspace"] * 4)  # Backspace is undo in this keymap
        await pilot.pause(0.1)
        assert app.screen.prompt.is_open and a.rev == 1


async def test_letters_typed_at_once_reach_the_palette(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("ctrl+p", *"redraw")
        assert app.screen.rows.current == "app.redraw"


async def test_tab_lists_paths_and_goes_on(with_two: Any, tmp_path: Path) -> None:
    for name in ("rain one.wav", "rain two.wav", "drums"):
        (tmp_path / name).touch()
    async with with_two() as (app, pilot):
        screen = app.screen
        await pilot.press("g", "o", *f"{tmp_path}/", "tab")
        assert "drums" in screen.lines.panel.text and "rain two.wav" in screen.lines.panel.text
        await pilot.press("r")
        assert "drums" not in screen.lines.panel.text, "the list follows what is typed"
        await pilot.press("tab")
        assert screen.prompt.value == f"{tmp_path}/rain "
        await pilot.press("escape")
        assert not screen.lines.panel.display


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("ble", "blend "),
        ("blend tone\\", "blend tone\\"),
        ("nudge lou", "nudge louder "),
        ("blend B 0.5 mode=lat", "blend B 0.5 mode=latent "),
        ("mosaic B cont", "mosaic B continuity="),
        ("b ", "b tone "),
        ("edit.und", "edit.undo "),
    ],
)
async def test_tab_completes_the_command_line(with_two: Any, typed: str, completed: str) -> None:
    async with with_two() as (app, pilot):
        app.screen.keys.feed(":")
        for key in typed:
            app.screen.keys.feed("space" if key == " " else key)
        await pilot.press("tab")
        assert app.screen.prompt.value == completed


async def test_q_leaves_a_screen_and_never_the_editor(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        for go in ("gl", "gt", "gc", "gK"):
            await pilot.press(*go)
            await until(pilot, lambda: app.screen.NAME != "editor")
            await pilot.press("q")
            await until(pilot, lambda: app.screen.NAME == "editor")
        await pilot.press("q")
        assert app.is_running and "quits" in app.screen.mode.text

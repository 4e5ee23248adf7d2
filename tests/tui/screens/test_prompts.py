"""Prompts lose no typing: offers are replaced, refused answers stay, keys never act on what lies below."""

from pathlib import Path
from typing import Any

import pytest
from textual import events

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
        assert prompt.value == "0.3", "what is offered is what worked"
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


async def test_keys_in_one_burst_reach_what_they_open_and_close(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        for key in (
            "ctrl+p",
            *"redraw",
            "escape",
            "l",
            "question_mark",
            "escape",
            "l",
            "ctrl+p",
            *"help",
            "escape",
            "l",
        ):
            character = {"question_mark": "?"}.get(key, key if len(key) == 1 else None)
            app.post_message(events.Key(key, character))
        await until(pilot, lambda: app.editor.pane.cursor.frame == 3)
        assert app.screen.NAME == "editor" and not app.screen.prompt.is_open
        app.post_message(events.Key("ctrl+p", None))
        app.post_message(events.Paste("redraw"))
        await until(pilot, lambda: not hasattr(app.screen, "NAME") and app.screen.rows.current == "app.redraw")


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


async def test_the_keys_after_a_prefix_are_shown_after_a_pause(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        lines = app.screen.lines
        await pilot.press("g")
        assert not lines.panel.display, "fast typing is not disturbed"
        await until(pilot, lambda: lines.panel.display)
        assert "Undo list" in lines.panel.text and "Library" in lines.panel.text
        await pilot.press("d")
        assert not lines.panel.display
        await pilot.press("m")
        await until(pilot, lambda: lines.panel.display)
        assert "the mark's letter" in lines.panel.text
        await pilot.press("escape")
        assert not lines.panel.display


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("export", "file.save"),
        ("save", "file.save"),
        ("undo", "edit.undo"),
        ("loop", "play.loop"),
        ("variation", "edit.mutate"),
        ("paste", "edit.put"),
        ("morph", "edit.blend"),
        ("cut", "edit.copy"),
        ("trim", "select.start"),
        ("crop", "select.start"),
    ],
)
async def test_everyday_words_find_actions_in_palette_and_help(with_two: Any, typed: str, found: str) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("ctrl+p", *typed)
        assert found in [row.key for row in app.screen.rows.rows[:8]]
        await pilot.press("escape", "?", "/", *typed)
        await pilot.pause()
        assert found in [row.key for row in app.screen.rows.rows]
        await pilot.press("escape")
        assert len(app.screen.rows.rows) > 50, "leaving the search shows all of the help"


async def test_a_window_leaves_the_screen_below_in_sight(with_two: Any) -> None:
    async with with_two((100, 30)) as (app, pilot):
        for opening in ("ctrl+p", "?"):
            await pilot.press(opening)
            await pilot.pause()
            shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            assert "command" in shown.splitlines()[-1], "the last line of the editor"
            await pilot.press("escape")


async def test_the_footer_and_the_panel_can_be_clicked(with_two: Any, until: Any) -> None:
    async with with_two((100, 30)) as (app, pilot):
        await pilot.press("escape")
        at = app.screen.mode.text.index("select")
        await pilot.click("#mode", offset=(at, 0))
        assert app.editor.pane.selection is not None
        await pilot.press("g")
        await until(pilot, lambda: app.screen.lines.panel.display)
        await pilot.pause()
        row, text = next(
            (y, line) for y, line in enumerate(app.screen.lines.panel.text.splitlines()) if "Library" in line
        )
        await pilot.click("#panel", offset=(text.index("Library"), row))
        await until(pilot, lambda: app.screen.NAME == "library")

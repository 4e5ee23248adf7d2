"""The Keys screen, through the app: other keys at a press, conflicts told, kept in the home."""

from pathlib import Path
from typing import Any

import pytest

from tui.input.keyfile import key_file

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def untouched(home: Path) -> Any:
    """No keys of one's own, before and after."""
    key_file(home).unlink(missing_ok=True)
    yield
    key_file(home).unlink(missing_ok=True)


async def test_keys_are_bound_reported_kept_and_reset(opened: Any, untouched: Any, home: Path, until: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "K")
        await until(pilot, lambda: app.screen.NAME == "keys")
        app.screen.rows.go("edit.mirror")
        await pilot.press("enter", "f9")
        assert app.keymap.keys_for("edit.mirror") == ("f9",)
        assert '"edit.mirror" = ["f9"]' in key_file(home).read_text()
        await pilot.press("+", "u")
        assert "u is: Undo" in app.screen.prompt.label
        await pilot.press(*"n", "enter")
        assert app.keymap.keys_for("edit.undo")[0] == "u"
        await pilot.press("+", "u", "y", "enter")
        assert app.keymap.keys_for("edit.mirror") == ("f9", "u")
        assert "u" not in app.keymap.keys_for("edit.undo")
        assert app.screen.rows.rows[[row.key for row in app.screen.rows.rows].index("edit.mirror")].text.startswith("*")
        await pilot.press("x")
        assert app.keymap.keys_for("edit.mirror") == ()
        app.screen.rows.go("edit.undo")
        await pilot.press("r")
        assert app.keymap.keys_for("edit.undo")[0] == "u"
        await pilot.press("enter", "g", "b")
        await until(pilot, lambda: app.keymap.keys_for("edit.undo") == ("g b",) or app.screen.prompt.is_open)
        await pilot.press("escape", "m")
        assert (app.keymap.name, app.keymap.keys_for("edit.copy")) == ("tracker", ("ctrl+c",))
    async with opened() as (app, pilot):
        assert app.keymap.name == "tracker"
        assert app.own_keys.keymap("vim").keys_for("edit.mirror") == ()


async def test_no_change_leaves_the_program_without_a_way_out(opened: Any, untouched: Any, home: Path) -> None:
    """Neither by taking its only key, nor by clearing it, nor by the keymap of a file written by hand."""
    key_file(home).write_text('[tracker]\n"app.quit" = []\n')
    async with opened((160, 24)) as (app, pilot):
        before = app.keymap
        await pilot.press("g", "K")
        for action, keys in (
            ("edit.mirror", ("enter", ":", "y", "enter")),
            ("edit.mirror", ("+", "ctrl+q", "y", "enter")),
            ("app.command", ("x",)),
            ("app.quit", ("x",)),
            ("app.quit", ("m",)),
        ):
            app.screen.rows.go(action)
            await pilot.press(*keys)
            assert "nothing was changed" in app.screen.mode.text, (action, keys)
            assert (
                "Quit must have a key" in app.screen.mode.text or "Command line must have a key" in app.screen.mode.text
            )
            assert app.keymap is before
        app.screen.rows.go("app.quit")
        await pilot.press("+", "f9", "x")
        assert app.keymap.keys_for("app.quit") == ("ctrl+q", "f9"), "its last two are taken together"


async def test_usual_keys_that_others_have_now_are_asked_for(opened: Any, untouched: Any) -> None:
    async with opened((160, 24)) as (app, pilot):
        await pilot.press("g", "K")
        app.screen.rows.go("edit.mirror")
        await pilot.press("enter", "u", "y", "enter")
        app.screen.rows.go("edit.undo")
        await pilot.press("r")
        assert app.screen.prompt.label.startswith("u is: Mirror")
        await pilot.press("n", "enter")
        assert app.keymap.keys_for("edit.mirror") == ("u",)
        await pilot.press("r", "y", "enter")
        assert app.keymap.keys_for("edit.mirror") == ()
        assert app.keymap.keys_for("edit.undo") == ("u", "ctrl+z")


async def test_the_probe_shows_keys_and_does_nothing(opened: Any, untouched: Any, until: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "K", "t", "x", "ctrl+q", "ctrl+h", "escape", "g", "escape", "escape")
        text = "\n".join(row.text for row in app.screen._seen)
        assert "ctrl+q" in text
        assert "app.quit" in text
        assert "is the same as Backspace" in text
        assert not app.screen.probing
        assert app.screen.NAME == "keys"


async def test_a_bad_file_is_said_and_the_usual_keys_hold(opened: Any, untouched: Any, home: Path, until: Any) -> None:
    key_file(home).write_text("keymap = ")
    async with opened((160, 24)) as (app, pilot):
        await until(pilot, lambda: "default keys are used" in app.screen.mode.text)
        assert app.keymap.name == "vim"

"""The Generate screen by keys, on a real daemon: make, stop, hear, keep, send on, presets; and what it sends."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")


async def make(app: Any, pilot: Any, until: Any, *, seconds: str = "0.5", count: str = "2") -> Any:
    """Go to the screen and make sounds, of collage: the toy model has no prior."""
    await until(pilot, lambda: app.session.newest_first)
    await pilot.press("g", "n")
    await until(pilot, lambda: app.screen.NAME == "generate" and app.screen.model is not None)
    screen = app.screen
    screen.values.values.clear()
    for key, text in (("seconds", seconds), ("count", count)):
        screen.controls.go(key)
        await pilot.press(*text, "enter")
        await until(pilot, lambda: not screen.prompt.is_open)
    before = len(screen.listed)
    await pilot.press("enter")
    await until(pilot, lambda: len(screen.listed) == before + int(count), 60.0)
    await until(pilot, lambda: screen.job is None)
    return screen


async def test_sounds_are_made_heard_kept_saved_sent_and_discarded(opened: Any, until: Any, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        screen = await make(app, pilot, until)
        newest = screen.listed[:2]
        assert [one.seconds for one in newest] == [0.5, 0.5] and newest[1].seed == newest[0].seed + 1
        assert "made" in screen.mode.text and any("collage" in row.text for row in screen.sounds.rows)
        assert next(row for row in screen.controls.rows if row.key == "engine").text.rstrip().endswith("collage")
        await until(pilot, lambda: not app.sound.silence)
        screen.sounds.go((newest[0].batch, newest[0].name))
        await pilot.press("tab")
        await until(pilot, lambda: app.sound.file == newest[0].audio)
        await pilot.press("j")
        await until(pilot, lambda: app.sound.file == newest[1].audio)
        await until(pilot, lambda: not app.sound.file)
        await pilot.press("s")
        await until(pilot, lambda: screen.sound.kept and "is kept" in screen.mode.text)
        await pilot.press("D")
        await until(pilot, lambda: "is kept" in screen.mode.text and Path(newest[1].audio).exists())
        await pilot.press("w", *str(tmp_path / "mine"), "enter")
        await until(pilot, lambda: "saved" in screen.mode.text)
        assert (tmp_path / "mine.wav").read_bytes() == Path(newest[1].audio).read_bytes()
        assert (tmp_path / "mine.alle").read_bytes() == Path(newest[1].strand).read_bytes()
        await pilot.press("w", *str(tmp_path / "mine.wav"), "enter")
        await until(pilot, lambda: "exists" in screen.mode.text)
        await pilot.press("escape", "k", "D")
        await until(pilot, lambda: not Path(newest[0].audio).exists() and len(screen.listed) >= 1)
        await until(pilot, lambda: screen.sound is not None and screen.sound.name == newest[1].name)
        await pilot.press("b")
        await until(pilot, lambda: app.editor.panes[1].strand is not None)
        assert app.screen.NAME == "generate"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        assert app.screen.context.grid.name == newest[1].name
        await pilot.press("g", "n")
        await until(pilot, lambda: app.screen.NAME == "generate")
        await pilot.press("c")
        assert "no prior" in app.screen.mode.text


async def test_a_locked_seed_repeats_and_presets_are_recalled(opened: Any, until: Any) -> None:
    async with opened() as (app, pilot):
        screen = await make(app, pilot, until, count="1")
        first = screen.listed[0]
        screen.controls.go("brightness")
        await pilot.press("l", "l", "K")
        await until(pilot, lambda: "again" in screen.mode.text)
        assert screen.values.options.brightness == 0.2 and screen.values.options.seed == first.seed
        await pilot.press("P", *"warm one", "enter")
        await until(pilot, lambda: "saved as preset" in screen.mode.text)
        await pilot.press("R")
        assert screen.values.options.brightness is None
        await pilot.press("p")
        await until(pilot, lambda: type(app.screen).__name__ == "PresetList")
        await pilot.press(*"warm", "enter")
        await until(pilot, lambda: screen.values.options.brightness == 0.2)
        screen.carry_out("generate.delete_preset", _press())
        await until(pilot, lambda: type(app.screen).__name__ == "PresetList")
        await pilot.press("enter")
        await until(pilot, lambda: "in the trash" in screen.mode.text)


async def test_a_long_making_is_stopped_and_what_cannot_be_made_is_said(opened: Any, until: Any) -> None:
    async with opened() as (app, pilot):
        screen = await make(app, pilot, until, count="1")
        screen.controls.go("count")
        await pilot.press(*"5000", "enter", "enter")
        await until(pilot, lambda: screen.job is not None and screen.job.state == "running", 60.0)
        await pilot.press("x")
        await until(pilot, lambda: screen.job is None, 60.0)
        screen.values.values.clear()
        screen.controls.go("engine")
        await pilot.press("l", "enter")
        await until(pilot, lambda: "no prior" in screen.mode.text, 60.0)
        screen.controls.go("creativity")
        await pilot.press("-", "1", "enter")
        await until(pilot, lambda: "is not a number" in screen.mode.text)
        await pilot.press("escape")


def _press() -> Any:
    from tui.actions.press import Press

    return Press()

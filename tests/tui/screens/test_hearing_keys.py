"""Keys that change what is heard, through the real daemon and a player that is timed but not heard."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.messages.playback import StartPlayback, StopPlayback, TunePlayback
from protocol.ranges import FrameRange

pytestmark = pytest.mark.usefixtures("clean")


class Asked:
    """What the editor asked the daemon for."""

    def __init__(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bodies: list[Any] = []
        self.codes: list[Any] = []
        ask = app.session.ask

        async def noted(body: Any, **more: Any) -> Any:
            if isinstance(body, StartPlayback | TunePlayback | StopPlayback):
                self.bodies.append(body)
                self.codes.append(more.get("buffers"))
            return await ask(body, **more)

        monkeypatch.setattr(app.session, "ask", noted)

    def last(self, kind: type[Any]) -> Any:
        return next((body for body in reversed(self.bodies) if isinstance(body, kind)), None)

    def count(self, kind: type[Any]) -> int:
        return sum(isinstance(body, kind) for body in self.bodies)


async def test_levels_before_and_panic_while_it_plays(
    opened: Any, sounds: list[Path], until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened((80, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(
            pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor" and not app.sound.why_not
        )
        asked, grid, editor = Asked(app, monkeypatch), app.screen.context.grid, app.editor
        await pilot.press("c")
        assert "nothing to compare" in app.screen.mode.text
        before = grid.codes.copy()
        await pilot.press("r", *str((int(before[0, 0]) + 1) % grid.codebook), "enter")
        await until(pilot, lambda: grid.rev == 1)
        await pilot.press("L", "space")
        await until(pilot, lambda: app.sound.playing)
        assert asked.last(StartPlayback).loop
        await until(pilot, lambda: "LUFS" in app.screen.top.text and "peak -120" not in app.screen.top.text)
        await pilot.press("j", "S")
        await until(pilot, lambda: asked.last(TunePlayback).levels == [1])
        assert "solo 1" in app.screen.view.widgets[0].header.text
        await pilot.press("M")
        await until(pilot, lambda: asked.last(TunePlayback).levels == [])
        await pilot.press("g", "m")
        await until(pilot, lambda: asked.last(TunePlayback).levels is None)
        await pilot.press("c")
        await until(pilot, lambda: asked.last(TunePlayback).before)
        assert np.array_equal(asked.codes[-1][0], before)
        assert "as before the last change" in app.screen.view.widgets[0].header.text
        await pilot.press("c")
        await until(pilot, lambda: not asked.last(TunePlayback).before)
        await pilot.press("c")
        await until(pilot, lambda: asked.last(TunePlayback).before)
        assert asked.codes[-1] == [], "the daemon knows them"
        assert app.sound.playing
        await pilot.press("!")
        await until(pilot, lambda: asked.count(StopPlayback) == 1)
        assert not app.sound.playing
        assert not editor.before
        await pilot.press("g", "a", "u")
        await until(pilot, lambda: grid.rev == 2)
        await pilot.press("c")
        await until(pilot, lambda: asked.last(StartPlayback).before)
        assert asked.codes[-1][0][0, 0] != before[0, 0], "as it was kept"
        await pilot.press("C")
        assert "as before the last change" in app.screen.mode.text


async def test_moves_are_heard_and_never_pile_up(
    opened: Any, sounds: list[Path], until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve wishes while the first is on its way are one: the newest."""
    async with opened((80, 24), open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid and not app.sound.why_not)
        asked: list[tuple[Any, bool]] = []
        gate = asyncio.Event()

        async def play(grid: Any, frames: Any, editor: Any, *, is_audition: bool = False) -> None:
            asked.append((frames, is_audition))
            await gate.wait()

        monkeypatch.setattr(app.sound, "play", play)
        await pilot.press(*"lll")
        assert asked == []
        await pilot.press("H", *"llllllllll")
        assert asked == [(FrameRange(3, 11), True)]
        gate.set()
        await until(pilot, lambda: len(asked) == 2)
        await pilot.pause(0.2)
        assert asked[1:] == [(FrameRange(13, 21), True)]
        app.sound._strand = app.screen.context.grid.id
        await pilot.press("l")
        await pilot.pause(0.1)
        assert len(asked) == 2, "what was asked to play is not interrupted"
        app.sound.is_audition = True
        await pilot.press("l")
        await until(pilot, lambda: asked[-1] == (FrameRange(15, 23), True))
        await pilot.press("space")
        await until(pilot, lambda: asked[-1] == (FrameRange(15), False))

"""Variations in the editor: takes are listed and heard, one is applied or kept, and the strand waits until then."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("clean")


async def test_takes_are_heard_applied_and_kept(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((100, 30), open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        editor = app.screen
        grid = editor.context.grid
        before = grid.codes.copy()
        played: list[np.ndarray] = []
        play = app.sound.try_cells

        async def hear(grid: Any, frames: Any, tried: Any, editor: Any) -> None:
            played.append(tried.codes)
            await play(grid, frames, tried, editor)

        app.sound.try_cells = hear
        editor.command_line.run("vary 3 mutate 0.9 @0:20")
        await until(pilot, lambda: app.screen.NAME == "takes" and len(played) == 1)
        takes = app.screen
        assert [row.key for row in takes.rows.rows] == ["take-01", "take-02", "take-03"]
        await pilot.press("j")
        await until(pilot, lambda: len(played) == 2)
        assert not np.array_equal(played[0], played[1]) and not np.array_equal(played[0], before)
        assert grid.rev == 0, "hearing changes nothing"
        await pilot.press("s")
        await until(pilot, lambda: f"{grid.name}-take-02" in {s.meta.name for s in app.session.strands.values()})
        await pilot.press("k", "enter")
        await until(pilot, lambda: app.screen.NAME == "editor" and grid.rev == 1)
        assert np.array_equal(editor.context.grid.codes, played[-1])
        assert "seed=" in (await editor.session.ask(_strand(grid.id))).body.meta.edits[-1]
        await pilot.press("u")
        await until(pilot, lambda: np.array_equal(editor.context.grid.codes, before))


def _strand(strand: str) -> Any:
    from protocol.messages.strands import GetStrand

    return GetStrand(strand=strand)


async def test_the_key_varies_the_last_random_edit(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((100, 30), open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        editor = app.screen
        editor.command_line.run("mutate 0.7 q1 @3:9 seed=5")
        await until(pilot, lambda: editor.context.grid.rev == 1)
        await pilot.press("4", "e", "v")
        await until(pilot, lambda: app.screen.NAME == "takes")
        rows = [row.text for row in app.screen.rows.rows]
        assert len(rows) == 4 and all("mutate 0.7 q1 @3:9 seed=" in row for row in rows)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.NAME == "editor")
        said: list[str] = []
        app.screen.say = lambda text, **_: said.append(text)
        editor.command_line.run("vary 3 reverse")
        await until(pilot, lambda: any("every take would be the same" in text for text in said))
        editor.command_line.run("vary 400")
        await until(pilot, lambda: any("400 takes cannot be made" in text for text in said))
        assert editor.context.grid.rev == 1

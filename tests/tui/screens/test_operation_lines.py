"""Operations typed on the editor's `:` line, through the real daemon."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("clean")


async def test_typed_operations_name_panes_and_change_lengths(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((100, 30), open_paths=sounds[:2]) as (app, pilot):
        screen = app.screen
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        screen = app.screen
        a, b = screen.context.grids()
        before, other, frames = a.codes.copy(), b.codes.copy(), a.frames
        both = min(frames, b.frames)
        screen.command_line.run("blend B 1")
        await until(pilot, lambda: screen.context.grids()[0].rev == 1)
        assert np.array_equal(screen.context.grids()[0].codes[:, :both], other[:, :both])
        screen.command_line.run("mirror @0:5")
        await until(pilot, lambda: screen.context.grids()[0].frames == frames + 5)
        screen.command_line.run("mosaic b @0:4")
        await until(pilot, lambda: screen.context.grids()[0].rev == 3)
        screen.command_line.run("mutate 1 q0")
        await until(pilot, lambda: screen.context.grids()[0].rev == 4)
        await pilot.press("4", "u")
        await until(pilot, lambda: screen.context.grids()[0].rev == 8 and screen.context.grids()[0].frames == frames)
        assert np.array_equal(screen.context.grids()[0].codes, before)
        assert np.array_equal(screen.context.grids()[1].codes, other)


@pytest.mark.parametrize(
    ("line", "said"),
    [("nudge up", "brighter"), ("regenerate", "prior"), ("blend C 0.5", "no open strand"), ("stretch 0", "FACTOR")],
)
async def test_what_cannot_be_done_is_said(opened: Any, sounds: list[Path], until: Any, line: str, said: str) -> None:
    async with opened((100, 30), open_paths=sounds[:2]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        heard: list[str] = []
        app.screen.say = lambda text, **_: heard.append(text)
        app.screen.command_line.run(line)
        await until(pilot, lambda: any(said in text for text in heard))
        assert app.screen.context.grids()[0].rev == 0

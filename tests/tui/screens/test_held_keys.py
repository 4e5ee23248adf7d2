"""A held key repeats a slow edit as fast as it is computed, and never queues seconds of work."""

import asyncio
from typing import Any

import pytest

from protocol.messages.strands import ApplyEdit

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Count the edits that an app sends, and hold them back until the gate is set."""

    def gate(app: Any) -> tuple[list[str], asyncio.Event]:
        sent, opened, ask = list[str](), asyncio.Event(), app.session.connection.ask

        async def counted(body: Any, **more: Any) -> Any:
            if isinstance(body, ApplyEdit):
                sent.append(body.edit.op)
                await opened.wait()
            return await ask(body, **more)

        monkeypatch.setattr(app.session.connection, "ask", counted)
        return sent, opened

    return gate


async def test_a_held_nudge_is_dropped_while_one_is_computed(with_two: Any, until: Any, gated: Any) -> None:
    async with with_two() as (app, pilot):
        sent, opened = gated(app)
        await pilot.press("V", "l", "e", "n", *"louder", "enter")
        await until(pilot, lambda: sent == ["nudge"])
        await pilot.press(*["."] * 20)
        assert sent == ["nudge"] and "nudge is still computing" in app.screen.mode.text
        opened.set()
        grid = app.screen.context.grid
        await until(pilot, lambda: grid.info.undo_depth == 1 and not app.session.edits.is_waiting(grid.id))
        await pilot.press(".")
        await until(pilot, lambda: grid.info.undo_depth == 2)
        level = grid.columns[0, :3].tolist()
        assert level[0] == level[1] == level[2] + 400, "two steps of 2 dB on the two selected frames"


async def test_a_macro_and_quick_edits_lose_no_repeat(with_two: Any, until: Any, gated: Any) -> None:
    async with with_two() as (app, pilot):
        sent, opened = gated(app)
        await pilot.press("r", "3", "enter", *["."] * 5)
        await until(pilot, lambda: len(sent) == 6, 5)
        opened.set()
        grid = app.screen.context.grid
        await until(pilot, lambda: not app.session.edits.is_waiting(grid.id))
        await pilot.press("V", "e", "n", *"softer", "enter")
        await until(pilot, lambda: len(sent) == 7)
        opened.clear()
        await pilot.press("Q", "m", ".", ".", ".", "Q")
        recorded = len(sent)
        await pilot.press("@", "m")
        await until(pilot, lambda: len(sent) == recorded + 3, 5)
        opened.set()
        await until(pilot, lambda: not app.session.edits.is_waiting(grid.id))

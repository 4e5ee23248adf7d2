"""The surprise map and live drawing in the editor, on a real daemon whose answers about a prior are replaced.

The model of these tests has no prior, because training one takes seconds: GetSurprise and a slow edit are answered
here, as tests/e2e/test_generate.py shows that the daemon does.
"""

import asyncio
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from protocol.edits import format_edit
from protocol.errors import AlleleError
from protocol.messages.events import CellsDrawn
from protocol.messages.snapshots import GetSurprise, Surprise
from protocol.messages.strands import ApplyEdit, StopEdit
from protocol.ranges import FrameRange
from tui.transport.client import Answer, Event

pytestmark = pytest.mark.usefixtures("clean")


class FakePrior:
    """Answers in place of the daemon: every cell costs 7 bits, and an edit lasts until it is stopped."""

    def __init__(self, app: Any) -> None:
        self.app, self.edit, self.request_id, self.stopped = app, None, b"", asyncio.Event()
        self._ask = app.session.connection.ask
        app.session.connection.ask = self.ask
        app.session.models = [replace(model, prior={"steps": 1}) for model in app.session.models]

    async def ask(self, body: Any, **more: Any) -> Any:
        if isinstance(body, GetSurprise):
            grid = self.app.session.grids[body.strand]
            frames = FrameRange(0, grid.frames)
            tenths = np.full(grid.codes.shape, 70, np.uint8)
            return Answer(body=Surprise(strand=grid.id, rev=grid.rev, frames=frames), buffers=[tenths])
        if isinstance(body, ApplyEdit) and body.edit.op == "regenerate":
            self.edit, self.request_id = body.edit, more["request_id"]
            await self.stopped.wait()
            raise AlleleError("E_CANCELLED", "stopped: the strand is as it was")
        if isinstance(body, StopEdit):
            assert body.edit == self.request_id
            self.stopped.set()
            return None
        return await self._ask(body, **more)

    def draw(self, frames: FrameRange, *buffers: np.ndarray, cause: bytes | None = None) -> None:
        grid, edit = self.app.screen.context.grid, self.edit
        assert edit is not None and edit.levels is not None and edit.frames is not None
        body = CellsDrawn(
            strand=grid.id, cause=cause or self.request_id, levels=edit.levels, frames=frames, whole=edit.frames
        )
        self.app.session._on_event(Event(name="CellsDrawn", body=body, buffers=list(buffers), seq=0))


async def test_without_a_prior_the_keys_say_how_to_train_one(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        for keys in ("zu", "eu", "eg"):
            await pilot.press("v", "l", *keys)
            shown = app.screen.mode.text + " ".join(app.screen.lines.block.lines)
            assert "no prior" in shown and "--resume" in shown, keys
            await pilot.press("escape")
        assert not app.editor.surprise


async def test_cells_are_coloured_and_described_by_surprise(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        FakePrior(app)
        row, words = app.screen.view.widgets[0].grid, app.screen.words
        await pilot.press("z", "u")
        await until(pilot, lambda: "7.0 bits: unusual" in words.text)
        view = row.view
        assert set(view.looks(1, 20).tolist()) == {7} and "surprise 0" in app.screen.view.widgets[0].header.text
        await pilot.press("r", "5", "enter")
        await until(pilot, lambda: app.screen.context.grid.codes[0, 0] == 5)
        await until(pilot, lambda: "7.0 bits" in words.text)  # scored again after the edit
        await pilot.press("z", "d")
        assert not app.editor.surprise and row.view.surprise is None and "bits" not in words.text
        await pilot.press(":", *"colour surprise", "enter")
        assert app.editor.surprise


async def test_cells_fill_in_while_they_are_drawn_and_escape_stops_it(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        prior = FakePrior(app)
        grid, row = app.screen.context.grid, app.screen.view.widgets[0].grid
        before = grid.codes.copy()
        await pilot.press("v", "9", "l", "e", "g")
        await until(pilot, lambda: prior.edit is not None)
        assert "COMPUTING" in app.screen.mode.text and "Esc" in app.screen.mode.text
        free = np.ones((1, 10), np.uint8)
        prior.draw(FrameRange(0, 0), np.zeros((1, 0), np.uint16), free, cause=b"of another client")
        assert row.view.drawn is None
        prior.draw(FrameRange(0, 0), np.zeros((1, 0), np.uint16), free)
        prior.draw(FrameRange(0, 4), np.zeros((1, 4), np.uint16))
        await pilot.pause()
        assert row.view.drawn.count == 4 and "4 of 10 frames" in app.screen.mode.text
        assert np.array_equal(grid.codes, before)
        await pilot.press("escape")
        await until(pilot, lambda: row.view.drawn is None)
        await until(pilot, lambda: "as it was" in app.screen.mode.text)
        assert app.editor.pane.selection is not None, "the selection stays for another attempt"
        assert np.array_equal(grid.codes, before) and grid.info.undo_depth == 0


@pytest.mark.parametrize(("keys", "text"), [("eu", "mutate 0.3 q0-1 @0:3 only=odd"), ("ed", "only=dull")])
async def test_keys_change_only_the_odd_or_the_dull(with_two: Any, until: Any, keys: str, text: str) -> None:
    async with with_two() as (app, pilot):
        FakePrior(app)
        await pilot.press("v", "j", "l", "l", *keys)
        await until(pilot, lambda: "no prior" in app.screen.mode.text)  # the daemon knows that there is none
        assert app.editor.last.edit is not None
        assert text in format_edit(app.editor.last.edit)

"""A model can be edited with the moment it is trained; what its codes do follows."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from protocol.messages.jobs import CancelJob, ListJobs, StartTraining
from protocol.messages.models import ListModels
from protocol.places import places_of
from protocol.training import TrainingOptions
from tui.model.job_words import measuring_words
from tui.transport.client import Client

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
async def trained(home: Path) -> AsyncIterator[tuple[str, str]]:
    """A training of two steps, whose codes take seconds to measure: its job and its model."""
    name = f"fresh-{os.urandom(3).hex()}"  # the daemon outlives a test, and a model's name is for life
    async with Client(places_of(home).endpoint) as client:
        options = TrainingOptions(preset="toy", steps=2, levels=10, codebook=128)
        job = (await client.ask(StartTraining(corpus="tones", model=name, options=options))).job
        yield job, name
        await client.ask(CancelJob(job=job))
        while any(one.state == "running" for one in (await client.ask(ListJobs())).jobs):
            await asyncio.sleep(0.1)
        shutil.rmtree(home / "models" / name)
        await client.ask(ListModels())


async def test_a_model_is_edited_with_while_its_codes_are_measured(
    opened: Any, until: Any, trained: tuple[str, str]
) -> None:
    job, name = trained
    async with opened((140, 40)) as (app, pilot):
        await pilot.press("g", "t")
        app.follow(job)
        await pilot.press("e")
        assert "no model yet" in app.screen.mode.text
        await until(pilot, lambda: f"{name} is trained: e edits with it" in app.screen.words.text, 60)
        assert "measuring codes" in app.screen.words.text and app.session.jobs[job].state == "running"
        await pilot.press("e")
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.prompt.is_open)
        assert name in app.screen.prompt.label and app.screen.prompt.value.endswith("tone 0.wav")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.context.grid is not None)
        grid = app.screen.context.grid
        assert grid.info.meta.model == name
        await until(pilot, lambda: "measuring codes, 0:" in app.screen.view.widgets[0].header.text)
        assert "measuring codes, 0:" in app.screen.words.text
        await pilot.press("v", "l", "l", "R", "enter")
        await until(pilot, lambda: grid.info.undo_depth == 1)
        await pilot.press("space")
        await until(pilot, lambda: app.sound.playing)
        assert measuring_words(app.session.jobs.values(), name), "all of this came before the codes were measured"
        await until(pilot, lambda: app.session.jobs[job].state == "done", 90)
        await until(pilot, lambda: (atlas := app.session.atlases.get(name)) is not None and atlas.is_ready)
        await until(pilot, lambda: "colour: " in app.screen.view.widgets[0].header.text)
        assert "measuring" not in app.screen.words.text
        await pilot.press("g", "t", "e")
        assert app.screen.NAME == "editor" and not app.screen.prompt.is_open, "a strand of the model is open already"

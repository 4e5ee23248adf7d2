"""The Train screen against a real daemon: the queue and its keys, what an evaluation left to hear, every measure."""

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
from tui.transport.client import Client

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
async def waiting(home: Path) -> AsyncIterator[list[str]]:
    """Three trainings, of which two wait; they and their models are gone afterwards."""
    mark = os.urandom(3).hex()  # the daemon outlives a test, and a model's name is for life
    async with Client(places_of(home).endpoint) as client:
        jobs: list[str] = []
        for name in ("alpha", "beta", "gamma"):
            wish = StartTraining(
                corpus="tones", model=f"{name}-{mark}", options=TrainingOptions(preset="toy", steps=100_000)
            )
            jobs.append((await client.ask(wish)).job)
        yield jobs
        for job in reversed(jobs):
            await client.ask(CancelJob(job=job))
        while any(job.state == "running" for job in (await client.ask(ListJobs())).jobs):
            await asyncio.sleep(0.1)
        for folder in (home / "models").glob(f"*-{mark}"):
            shutil.rmtree(folder)
        await client.ask(ListModels())


async def test_a_reading_of_files_has_no_curves(opened: Any, until: Any, waiting: list[str]) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "t")
        jobs = app.session.jobs
        await until(pilot, lambda: {"ingest", "train"} <= {job.kind for job in jobs.values()})
        for kind, shown in (("ingest", False), ("train", True)):
            app.follow(next(job.id for job in jobs.values() if job.kind == kind))
            await until(pilot, lambda shown=shown: app.screen.curve.display is shown)
            assert (app.screen.health.display, app.screen.previews.display) == (shown, shown)


def line_of(app: Any, name: str) -> str:
    return next(row.text for row in app.screen.jobs.rows if name in row.text)


async def test_the_queue_is_seen_rearranged_paused_and_gone_on_with(
    opened: Any, until: Any, waiting: list[str]
) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "t")
        app.follow(waiting[2])
        await until(pilot, lambda: "2nd in the queue" in line_of(app, "gamma"))
        await pilot.press("K")
        await until(pilot, lambda: "1st in the queue, waits for alpha" in line_of(app, "gamma"))
        await pilot.press("p")
        await until(pilot, lambda: "paused" in line_of(app, "gamma"))
        await until(pilot, lambda: "paused; r resumes it" in app.screen.mode.text)
        assert "1st in the queue" in line_of(app, "beta") and "allele jobs" not in app.screen.facts.text
        await pilot.press("p")
        assert "it is already paused: r resumes it" in app.screen.mode.text
        assert "paused: r resumes it" in app.screen.words.text
        await pilot.press("r")
        await until(pilot, lambda: "it waits in the queue again" in app.screen.mode.text)
        await until(pilot, lambda: "1st in the queue" in line_of(app, "gamma"))
        await pilot.press("x", "y", "enter")
        await until(pilot, lambda: "cancelled" in line_of(app, "gamma"))
        await pilot.press("J")
        assert "choose a job that is queued" in app.screen.mode.text


async def test_a_running_training_is_stopped_and_its_evaluation_heard_beside_the_recording(
    opened: Any, until: Any, waiting: list[str]
) -> None:
    async with opened((100, 30)) as (app, pilot):
        await pilot.press("g", "t")
        app.follow(waiting[0])
        await pilot.press("space")
        assert "nothing to hear yet" in app.screen.mode.text
        await until(pilot, lambda: app.screen.training.step is not None and "alpha" in line_of(app, "running"), 60)
        assert all(f"{term} " in app.screen.losses.text for term in ("loss", "mel", "stft", "wave", "commitment"))
        assert all(word in app.screen.facts.text for word in ("step ", " left", "gradient", "examples/s", "MiB"))
        await pilot.press("s", "y", "enter")
        await until(pilot, lambda: "done" in line_of(app, "alpha"), 60)
        assert "stopped by hand at step" in line_of(app, "alpha")
        await until(pilot, lambda: app.screen.preview == "final")
        head, first = (app.screen.health.line(y, 47).text for y in (0, 1))
        assert head.split()[-3:] == ["dead", "commit", "health"]
        assert first.endswith(app.screen.training.evaluation.health[0])
        await until(pilot, lambda: not app.screen.situation().sound)
        await pilot.press("b")
        await until(pilot, lambda: app.sound.preview == (waiting[0], "final"))
        await until(pilot, lambda: app.sound.heard_sample > 4800)
        await pilot.press("b")
        await until(pilot, lambda: app.sound.preview == (waiting[0], "source"))
        assert "plays" in next(row.text for row in app.screen.previews.rows if row.key == "source")
        await until(pilot, lambda: app.sound.heard_sample > 4800)  # it began where the other was, not anew
        await pilot.press("tab")
        assert app.screen.words.text.strip().endswith("previews/final.wav")
        await pilot.press("space")
        await until(pilot, lambda: app.sound.preview is None)
        await pilot.press("s")
        assert "it is done" in app.screen.mode.text

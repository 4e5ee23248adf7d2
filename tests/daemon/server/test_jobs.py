"""Trainings steered through a real daemon: several in a line, paused, resumed, ended with their model, killed.

One daemon for all; each test leaves no job open. The toy preset learns a step in a few hundredths of a second.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from protocol.errors import AlleleError
from protocol.messages.corpora import RemoveCorpus
from protocol.messages.events import AtlasChanged, EvaluationCompleted, ModelsChanged
from protocol.messages.fields import Struct
from protocol.messages.jobs import (
    CancelJob,
    GetJobLog,
    JobInfo,
    ListJobs,
    MoveJob,
    PauseJob,
    ResumeJob,
    ShowJob,
    StartTraining,
    StopJob,
)
from protocol.training import TrainingOptions
from tui.transport.client import Client

LONG = 100_000
PATIENCE_S = 120.0


class User:
    """One client and what a person does with it."""

    def __init__(self, client: Client, live: Any) -> None:
        self.client, self.live = client, live

    async def train(self, model: str, steps: int = LONG) -> str:
        options = TrainingOptions(preset="toy", steps=steps)
        training = StartTraining(corpus="tones", model=model, options=options)
        return (await self.client.request(training)).body.job

    async def ask(self, body: Struct) -> JobInfo:
        return (await self.client.request(body)).body

    async def show(self, job: str) -> JobInfo:
        return await self.ask(ShowJob(job=job))

    async def until(self, job: str, holds: Callable[[JobInfo], bool]) -> JobInfo:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds(info := await self.show(job)):
            assert time.monotonic() < deadline_s, info
            await asyncio.sleep(0.05)
        return info

    async def learning(self, job: str, step: int = 3) -> JobInfo:
        """The job as soon as it did so many steps."""
        return await self.until(job, lambda info: step_of(info) >= step)

    async def ended(self, job: str) -> JobInfo:
        return await self.until(job, lambda info: info.state not in ("queued", "running"))

    def trainers(self) -> list[psutil.Process]:
        """The trainings' processes."""
        found: list[psutil.Process] = []
        for child in psutil.Process(self.live.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if "daemon.workers.training" in child.cmdline():
                    found.append(child)
        return found

    def card(self, model: str) -> dict[str, Any]:
        return json.loads((self.live.places.models / model / "model.json").read_text())


def step_of(info: JobInfo) -> int:
    return int(info.detail.removeprefix("step ")) if info.detail.startswith("step ") else 0


@pytest.fixture
async def user(live: Any) -> AsyncIterator[User]:
    async with Client(live.places.endpoint) as client:
        user = User(client, live)
        yield user
        for info in (await client.request(ListJobs())).body.jobs:
            if info.state in ("queued", "running", "paused"):
                await user.ask(CancelJob(job=info.id))
                await user.until(info.id, lambda info: info.state not in ("queued", "running", "paused"))


async def test_trainings_wait_in_a_line_that_can_be_rearranged_and_those_that_never_began_have_no_model(
    user: User,
) -> None:
    jobs = [await user.train(f"line{number}") for number in range(4)]
    first, *waiting = [await user.show(job) for job in jobs]
    assert first.position == 0
    assert [info.position for info in waiting] == [1, 2, 3]
    assert waiting[2].detail == "waits for line0 and 2 more"
    moved = await user.ask(MoveJob(job=jobs[3], position=1))
    assert (moved.position, moved.detail) == (1, "waits for line0")
    await user.ask(CancelJob(job=jobs[1]))
    assert [(await user.show(job)).position for job in jobs] == [0, 0, 2, 1]
    await user.learning(jobs[0])
    assert len(user.trainers()) == 1
    await user.ask(CancelJob(job=jobs[0]))
    for change_of_mind in (PauseJob(job=jobs[0]), ResumeJob(job=jobs[0]), StopJob(job=jobs[0])):
        with pytest.raises(AlleleError, match="is being cancelled"):
            await user.ask(change_of_mind)
    await user.learning(jobs[3])
    assert [(await user.show(job)).state for job in jobs] == ["cancelled", "cancelled", "queued", "running"]
    with pytest.raises(AlleleError, match="only a queued job has a place"):
        await user.ask(MoveJob(job=jobs[3], position=1))
    for job in (jobs[2], jobs[1]):  # queued; cancelled before it began
        with pytest.raises(AlleleError, match=r"learnt nothing yet|no checkpoint"):
            await user.ask(StopJob(job=job))
    again = await user.ask(ResumeJob(job=jobs[1]))  # it starts afresh
    assert (again.subject, again.state, again.position) == ("line1", "queued", 2)


async def test_a_paused_training_holds_no_process_and_goes_on_where_it_was(user: User) -> None:
    job = await user.train("rest", steps=24)
    behind = await user.train("rest2")
    await user.learning(job)
    (process,) = user.trainers()
    assert (await user.ask(PauseJob(job=job))).phase == "pausing"
    paused = await user.until(job, lambda info: info.state == "paused")
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert (paused.hint, paused.can_resume) == (f"go on with: allele jobs resume {job}", True)
    await user.learning(behind)  # what waited behind it has its turn
    with pytest.raises(AlleleError, match=f"job {job} uses corpus tones"):
        await user.ask(RemoveCorpus(name="tones"))
    resumed = await user.ask(ResumeJob(job=job))
    assert (resumed.id, resumed.state, resumed.position) == (job, "queued", 1)
    assert (await user.ask(PauseJob(job=job))).state == "paused"
    with pytest.raises(AlleleError, match="paused"):
        await user.train("rest")
    await user.ask(CancelJob(job=behind))
    await user.ask(ResumeJob(job=job))
    done = await user.ended(job)
    assert (done.state, done.result and done.result["steps"]) == ("done", 24), done
    said = [entry.get("text", "") for entry in (await user.client.request(GetJobLog(job=job))).body.entries]
    assert any(text.startswith("resumed at step") for text in said)
    steps = [e["step"] for e in (await user.client.request(GetJobLog(job=job))).body.entries if "losses" in e]
    assert steps == list(range(1, 25))
    with pytest.raises(AlleleError, match="nothing to pause"):
        await user.ask(PauseJob(job=job))


async def test_a_training_stopped_by_hand_leaves_a_model_that_says_so(user: User) -> None:
    heard: list[Any] = []
    await user.client.subscribe(lambda event: heard.append(event.body), lambda _: None)
    job = await user.train("early")
    await user.learning(job)
    assert (await user.ask(StopJob(job=job))).state == "running"
    done = await user.ended(job)
    assert done.state == "done" and done.result is not None and done.result["model"] == "early", done
    steps = done.result["steps"]
    assert (done.phase, done.can_resume) == ("stopped", False)
    assert 3 <= steps < LONG and done.detail == f"stopped by hand at step {steps}, 0% of the way"
    assert user.card("early")["ended"] == done.detail
    entries = (await user.client.request(GetJobLog(job=job))).body.entries
    final = [entry for entry in entries if entry["type"] == EvaluationCompleted.__name__][-1]
    assert Path(final["source"]).exists() and Path(final["preview"]).name == "final.wav"
    assert (await user.ask(StopJob(job=job))).state == "done"
    # A client that looked between the model's end and the atlas's was told that there is none.
    while AtlasChanged(model="early") not in heard:
        await asyncio.sleep(0.02)
    assert any(isinstance(body, ModelsChanged) for body in heard[: heard.index(AtlasChanged(model="early"))])


async def test_a_killed_trainer_says_so_and_is_resumed_or_made_a_model_of(user: User) -> None:
    job = await user.train("shot")
    await user.learning(job)  # no checkpoint yet: it begins anew, with the same plan
    os.kill(user.trainers()[0].pid, signal.SIGKILL)
    shot = await user.ended(job)
    assert shot.state == "failed" and "the train process died: " in shot.error and "signal 9" in shot.error
    assert (shot.hint, shot.can_resume) == ("allele train tones --name shot --resume", True)
    with pytest.raises(AlleleError, match="has no checkpoint to make a model from") as refused:
        await user.ask(StopJob(job=job))
    assert (refused.value.code, refused.value.hint) == ("E_BAD_REQUEST", f"allele jobs resume {job}")
    again = await user.ask(ResumeJob(job=job))
    assert again.id != job and again.subject == "shot"
    await user.learning(again.id)
    await user.ask(CancelJob(job=again.id))
    cancelled = await user.ended(again.id)
    assert (cancelled.state, cancelled.error) == ("cancelled", "")
    assert await user.ask(CancelJob(job=again.id)) == cancelled
    made = await user.ask(StopJob(job=again.id))
    done = await user.ended(made.id)
    assert (done.state, user.card("shot")["ended"][:15]) == ("done", "stopped by hand"), done
    prior = await user.ask(ResumeJob(job=job))  # the model is finished, and only its prior is missing
    assert (await user.ended(prior.id)).state == "done"


@pytest.fixture
def other_corpus(live: Any) -> Iterator[str]:
    """The corpus once more, gone afterwards."""
    folder = Path(shutil.copytree(live.places.corpora / "tones", live.places.corpora / "other tones"))
    yield folder.name
    shutil.rmtree(folder)


async def test_a_run_is_resumed_on_its_own_corpus_and_refused_before_anything_is_cancelled(
    user: User, other_corpus: str
) -> None:
    job = await user.train("own run")
    await user.learning(job)
    await user.ask(PauseJob(job=job))
    await user.until(job, lambda info: info.state == "paused")
    training = StartTraining(corpus=other_corpus, model="own run", resume=True)
    with pytest.raises(AlleleError, match="is trained on corpus tones, not on other tones") as refused:
        await user.client.request(training)
    assert refused.value.code == "E_BAD_REQUEST"
    assert refused.value.hint == "resume it with allele train tones --name 'own run' --resume"
    assert (await user.show(job)).state == "paused"
    await user.ask(CancelJob(job=job))
    with pytest.raises(AlleleError, match="started and not finished") as refused:
        await user.client.request(replace(training, resume=False))
    assert "resume it with allele train tones --name 'own run' --resume" in refused.value.hint
    (user.live.places.models / "own run" / "run.json").write_text("{")
    with pytest.raises(AlleleError, match="cannot be read") as refused:
        await user.client.request(training)
    assert "allele model delete 'own run'" in refused.value.hint
    shutil.rmtree(user.live.places.models / "own run")


async def test_a_stop_outlives_a_pause_and_the_daemon(new_daemon: Callable[..., Any]) -> None:
    """Two are stopped while a third runs; one of them is then paused, the other waits. The daemon dies."""
    first = new_daemon()
    async with Client(first.places.endpoint) as client:
        user = User(client, first)
        paused, waiting = await user.train("paused"), await user.train("waiting")
        for job in (paused, waiting):
            await user.learning(job, step=1)
            await user.ask(PauseJob(job=job))
            await user.until(job, lambda info: info.state == "paused")
        await user.learning(await user.train("between"), step=1)
        for job in (paused, waiting):
            assert (await user.ask(StopJob(job=job))).state == "queued"
        said = await user.ask(PauseJob(job=paused))
        assert (said.state, said.phase) == ("paused", "stopping")
    first.kill()
    second = new_daemon()
    async with Client(second.places.endpoint) as client:
        user = User(client, second)
        assert (await user.show(paused)).hint == f"make its model with: allele jobs resume {paused}"
        cut_off = await user.show(waiting)
        assert (cut_off.state, cut_off.hint, cut_off.can_resume) == (
            "interrupted",
            f"allele jobs stop {waiting}",
            False,
        )
        await user.ask(ResumeJob(job=paused))
        done = await user.ended(paused)
        assert (done.state, user.card("paused")["ended"][:15]) == ("done", "stopped by hand"), done
        assert done.result is not None and done.result["steps"] < LONG

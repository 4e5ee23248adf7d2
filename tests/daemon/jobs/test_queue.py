"""Requests that cross: what was acknowledged to a person happens, whatever the job's process was about to do.

A real queue on a real catalogue, with real trainings in their own processes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.jobs.endings import cut_off, failure
from daemon.jobs.ledger import JobLedger
from daemon.jobs.queue import JobQueue
from daemon.jobs.specs import AtlasSpec, TrainSpec
from daemon.runs.reports import LogLine, Report, StepReport
from daemon.runs.spec import TrainingSpec
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo
from protocol.places import Places

STEPS = 800  # more than anybody waits for here
PATIENCE_S = 100.0


class QueueFixture:
    """A queue and one training in it."""

    def __init__(self, ledger: JobLedger, queue: JobQueue, corpus: Path, models: Path) -> None:
        self.ledger, self.queue, self._corpus, self._models = ledger, queue, corpus, models

    async def train(self, model: str) -> str:
        training = TrainingSpec(steps=STEPS, preset="toy")
        spec = TrainSpec(corpus_dir=str(self._corpus), run_dir=str(self._models / model), training=training)
        return (await self.queue.submit(spec, b"c", model.encode())).id

    async def spec_of(self, job: str) -> TrainSpec:
        spec = await self.ledger.spec_of(job)
        assert isinstance(spec, TrainSpec)
        return spec

    async def until(self, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, self.ledger.all
            await asyncio.sleep(0.02)


@asynccontextmanager
async def fixture_at(
    tmp_path: Path,
    corpus: Path,
    on_change: Callable[[JobInfo, bool], None] = lambda *_: None,
    on_report: Callable[[JobInfo, Report], None] = lambda *_: None,
) -> AsyncIterator[QueueFixture]:
    places, thread = Places(home=tmp_path, run=tmp_path / "run"), StoreThread("store")
    places.logs.mkdir()
    catalogue = await thread.call(Catalogue, places)
    ledger = JobLedger(catalogue, thread, on_change)
    queue = JobQueue(ledger, places.logs, on_report)
    await queue.start()
    try:
        yield QueueFixture(ledger, queue, corpus, places.models)
    finally:
        await queue.close()
        await thread.call(catalogue.close)
        await thread.close()


async def test_a_stop_asked_for_while_the_process_starts_is_done(tmp_path: Path, tone_corpus: Path) -> None:
    """The job runs by name, but its process is not there yet: the moment between is as long as a write to the disk."""
    stopping, reports = list[asyncio.Task[JobInfo]](), list[Report]()

    def stop_at_once(info: JobInfo, is_state: bool) -> None:
        if info.state == "running" and not stopping:
            stopping.append(asyncio.create_task(fixture.queue.stop(info.id)))

    def note(_: JobInfo, report: Report) -> None:
        reports.append(report)

    async with fixture_at(tmp_path, tone_corpus, on_change=stop_at_once, on_report=note) as fixture:
        await fixture.train("hasty")
        await fixture.until(lambda: stopped_by_hand(reports) != "")
        assert (await stopping[0]).state == "running"
        assert stopped_by_hand(reports).startswith("stopped by hand at step 1,")


async def test_a_pause_and_then_a_stop_end_with_the_model(tmp_path: Path, tone_corpus: Path) -> None:
    reports: list[Report] = []
    async with fixture_at(tmp_path, tone_corpus, on_report=lambda _, report: reports.append(report)) as fixture:
        job = await fixture.train("torn")
        await fixture.until(lambda: any(isinstance(report, StepReport) for report in reports))
        await fixture.queue.pause(job)
        await fixture.queue.stop(job)
        await fixture.until(lambda: stopped_by_hand(reports) != "")


async def test_a_training_that_waits_ends_with_a_model_only_where_there_is_a_whole_checkpoint(
    tmp_path: Path, tone_corpus: Path
) -> None:
    async with fixture_at(tmp_path, tone_corpus) as fixture:
        await fixture.train("ahead")
        job, run = await fixture.train("behind"), tmp_path / "models" / "behind"
        first, torn = (run / "checkpoints" / name for name in ("step-00000000", "step-00000010"))
        for folder in (first, torn):
            folder.mkdir(parents=True)
        for file in (run / "run.json", first / "manifest.json"):
            file.touch()
        with pytest.raises(AlleleError, match="has learnt nothing yet"):
            await fixture.queue.stop(job)
        assert not (await fixture.spec_of(job)).is_stopped
        (torn / "manifest.json").touch()  # what makes it whole
        assert (await fixture.queue.stop(job)).state == "queued"
        assert (await fixture.spec_of(job)).is_stopped


def train_spec(folder: Path) -> TrainSpec:
    """A training that began: its folder has a run."""
    (folder / "run.json").touch()
    return TrainSpec(corpus_dir="/corpora/tones", run_dir=str(folder), training=TrainingSpec())


@pytest.mark.parametrize("can_resume", [True, False])
def test_a_failure_tells_how_to_resume_only_where_that_can_help(tmp_path: Path, can_resume: bool) -> None:
    ended = failure("j1", train_spec(tmp_path), "the disk is full", "Free some space.", can_resume=can_resume)
    command = f"; then: allele train tones --name {tmp_path.name} --resume"
    assert ended.hint == f"Free some space{command if can_resume else ''}"
    assert ended.can_resume is can_resume


def test_what_left_nothing_to_resume_is_started_again(tmp_path: Path) -> None:
    spec = TrainSpec(corpus_dir="/corpora/tones", run_dir=str(tmp_path / "new"), training=TrainingSpec())
    for ended in (failure("j1", spec, "the process died"), cut_off("cancelled", "j1", spec)):
        assert (ended.hint, ended.can_resume) == ("allele train tones --name new", False)
    atlas = cut_off("interrupted", "j2", AtlasSpec(model_dir="/models/m 1", corpus_dir="/corpora/tones"))
    assert (atlas.hint, atlas.can_resume) == ("allele model atlas 'm 1'", False)


def test_a_training_that_a_person_ended_is_not_resumed_but_made_a_model_of(tmp_path: Path) -> None:
    ended = cut_off("interrupted", "j7", replace(train_spec(tmp_path), is_stopped=True))
    assert (ended.hint, ended.can_resume) == ("allele jobs stop j7", False)


def stopped_by_hand(reports: list[Report]) -> str:
    """What a training says when it goes on to make its model of what it learnt; "" until then."""
    texts = [report.text for report in reports if isinstance(report, LogLine)]
    return next((text for text in texts if text.startswith("stopped by hand")), "")


async def test_who_resumed_while_it_paused_finds_it_interrupted_when_the_daemon_stops(
    tmp_path: Path, tone_corpus: Path
) -> None:
    """Every job that runs or waits has its terminal state when the queue has stopped, also one put back in its line."""
    async with fixture_at(tmp_path, tone_corpus) as fixture:
        job, behind = await fixture.train("late"), await fixture.train("later")
        await fixture.until(lambda: fixture.ledger.find(job).detail.startswith("step"))
        await fixture.queue.pause(job)
        assert (await fixture.queue.resume(job)).phase == "resuming"
        await fixture.queue.close()
        left = [fixture.ledger.find(job), fixture.ledger.find(behind)]
        assert [(info.state, info.error) for info in left] == [("interrupted", "the daemon stopped")] * 2
        assert [info.hint for info in left] == [
            "allele train tones --name late --resume",
            "allele train tones --name later",
        ]

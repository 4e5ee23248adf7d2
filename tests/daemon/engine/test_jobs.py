"""Wishes that cross: what was acknowledged to a person happens, whatever the job's process was about to do.

A real queue on a real catalogue, with real trainings in their own processes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from daemon.engine.jobs import JobQueue
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from daemon.training.reports import LogLine, Report, StepReport
from protocol.messages import JobInfo
from protocol.places import Places

STEPS = 800  # more than anybody waits for here
PATIENCE_S = 100.0


class Desk:
    """A queue and one training in it."""

    def __init__(self, queue: JobQueue, corpus: Path, models: Path) -> None:
        self.queue, self._corpus, self._models = queue, corpus, models

    async def train(self, model: str) -> str:
        spec: dict[str, Any] = {
            "spec": {"steps": STEPS, "preset": "toy"},
            "corpus": "tones",
            "corpus_dir": str(self._corpus),
            "run_dir": str(self._models / model),
            "resume_hint": "how to go on",
        }
        return (await self.queue.submit("train", model, spec, b"c", model.encode())).id

    async def until(self, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, self.queue.all
            await asyncio.sleep(0.02)


@asynccontextmanager
async def desk_at(
    tmp_path: Path,
    corpus: Path,
    on_change: Callable[[JobInfo, bool], None] = lambda *_: None,
    on_report: Callable[[JobInfo, Report], None] = lambda *_: None,
) -> AsyncIterator[Desk]:
    places, thread = Places(home=tmp_path, run=tmp_path / "run"), StoreThread("store")
    places.logs.mkdir()
    catalogue = await thread.call(Catalogue, places)
    queue = JobQueue(catalogue, thread, places.logs, on_change, on_report)
    await queue.start()
    try:
        yield Desk(queue, corpus, places.models)
    finally:
        await queue.stop()
        await thread.call(catalogue.close)
        await thread.close()


async def test_a_stop_asked_for_while_the_process_starts_is_done(tmp_path: Path, tone_corpus: Path) -> None:
    """The job runs by name, but its process is not there yet: the moment between is as long as a write to the disk."""
    asked, said = list[asyncio.Task[JobInfo]](), list[Report]()

    def stop_at_once(info: JobInfo, is_state: bool) -> None:
        if info.state == "running" and not asked:
            asked.append(asyncio.create_task(desk.queue.keep(info.id)))

    def note(_: JobInfo, report: Report) -> None:
        said.append(report)

    async with desk_at(tmp_path, tone_corpus, on_change=stop_at_once, on_report=note) as desk:
        await desk.train("hasty")
        await desk.until(lambda: stopped_by_hand(said) != "")
        assert (await asked[0]).state == "running"
        assert stopped_by_hand(said).startswith("stopped by hand at step 1,")


async def test_a_pause_and_then_a_stop_end_with_the_model(tmp_path: Path, tone_corpus: Path) -> None:
    said: list[Report] = []
    async with desk_at(tmp_path, tone_corpus, on_report=lambda _, report: said.append(report)) as desk:
        job = await desk.train("torn")
        await desk.until(lambda: any(isinstance(report, StepReport) for report in said))
        await desk.queue.pause(job)
        await desk.queue.keep(job)
        await desk.until(lambda: stopped_by_hand(said) != "")


def stopped_by_hand(said: list[Report]) -> str:
    """What a training says when it goes on to make its model of what it learnt; "" until then."""
    texts = [report.text for report in said if isinstance(report, LogLine)]
    return next((text for text in texts if text.startswith("stopped by hand")), "")


async def test_who_resumed_while_it_paused_finds_it_interrupted_when_the_daemon_stops(
    tmp_path: Path, tone_corpus: Path
) -> None:
    """Every job that runs or waits has its terminal state when the queue has stopped, also one put back in its line."""
    async with desk_at(tmp_path, tone_corpus) as desk:
        job, behind = await desk.train("late"), await desk.train("later")
        await desk.until(lambda: desk.queue.find(job).detail.startswith("step"))
        await desk.queue.pause(job)
        assert (await desk.queue.resume(job)).detail == "goes on"
        await desk.queue.stop()
        left = [desk.queue.find(job), desk.queue.find(behind)]
        assert [(info.state, info.error) for info in left] == [("interrupted", "the daemon stopped")] * 2
        assert [info.hint for info in left] == ["how to go on", ""]

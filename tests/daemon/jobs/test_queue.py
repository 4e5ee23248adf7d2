"""Wishes that cross: what was acknowledged to a person happens, whatever the job's process was about to do.

A real queue on a real catalogue, with real trainings in their own processes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.jobs.job_process import way_on
from daemon.jobs.queue import JobQueue
from daemon.runs.reports import LogLine, Report, StepReport
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo
from protocol.places import Places

DAEMON = Path(__file__).parents[3] / "daemon"
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


async def test_a_training_that_waits_ends_with_a_model_only_where_there_is_a_whole_checkpoint(
    tmp_path: Path, tone_corpus: Path
) -> None:
    async with desk_at(tmp_path, tone_corpus) as desk:
        await desk.train("ahead")
        job, run = await desk.train("behind"), tmp_path / "models" / "behind"
        first, torn = (run / "checkpoints" / name for name in ("step-00000000", "step-00000010"))
        for folder in (first, torn):
            folder.mkdir(parents=True)
        for file in (run / "run.json", first / "manifest.json"):
            file.touch()
        with pytest.raises(AlleleError, match="has learnt nothing yet"):
            await desk.queue.keep(job)
        assert "keep" not in await desk.queue.asked(job)
        (torn / "manifest.json").touch()  # what makes it whole
        assert (await desk.queue.keep(job)).state == "queued"
        assert (await desk.queue.asked(job))["keep"]


SEED = "Look for damaged recordings in the corpus, or try another seed."
MENDS = {
    "Start a new model.": "Start a new model",
    SEED: SEED.rstrip("."),
    "Free some space, then resume.": "Free some space, then resume; then: how to go on",
}


@pytest.mark.parametrize("mend", MENDS)
def test_who_is_told_to_begin_anew_is_not_told_to_resume(tmp_path: Path, mend: str) -> None:
    said = "".join(path.read_text() for path in (DAEMON / "training").glob("*.py"))
    assert mend in said, "daemon.training says it otherwise now, and daemon.jobs.job_process must know"
    (tmp_path / "run.json").touch()
    assert way_on(mend, {"run_dir": str(tmp_path), "resume_hint": "how to go on"}) == MENDS[mend]


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

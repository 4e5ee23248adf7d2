"""Publishes what happens to jobs as events, and refreshes the lists of corpora and models when a job ends."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from daemon.jobs.reports import SoundReport, event_of
from daemon.runs.reports import PriorStepReport, Report, StepReport
from daemon.server.library import Library
from daemon.server.wire.publisher import Publisher
from daemon.store.generated import sound_of
from protocol.messages.events import AtlasChanged, JobChanged, SoundMade
from protocol.messages.jobs import JobInfo
from protocol.places import Places

log = logging.getLogger("allele.jobs")


class JobNews:
    """Publishes events about jobs. The job queue calls it on the loop's thread."""

    def __init__(self, publisher: Publisher, library: Library, places: Places) -> None:
        self._publisher, self._library, self._places = publisher, library, places
        self._tasks: set[asyncio.Task[None]] = set()
        self._measuring: set[str] = set()  # trainings whose model is finished

    def changed(self, info: JobInfo, is_state: bool) -> None:
        """Publish a new state at once, after any progress that is still waiting. Progress is coalesced.

        The model of a training is published as soon as it is finished, while its codes are still measured.
        """
        if info.phase == "measuring" and info.id not in self._measuring:
            self._measuring.add(info.id)
            self._spawn(self._list_models())
        if not is_state:
            self._publisher.progress(info.id, JobChanged(job=info))
            return
        self._publisher.settle(info.id)
        self._publisher.publish(JobChanged(job=info))
        if not info.is_open:
            self._spawn(self._refresh(info))

    def reported(self, info: JobInfo, report: Report | SoundReport) -> None:
        """Publish a job's report. Steps are coalesced; evaluations, log lines and sounds are not."""
        if isinstance(report, SoundReport):
            self._publisher.publish(SoundMade(job=info.id, sound=sound_of(report.entry, Path(report.folder), set())))
            return
        event = event_of(info.id, report, self._places.models / info.subject)
        if isinstance(report, StepReport | PriorStepReport):
            self._publisher.progress(info.id, event)
        else:
            self._publisher.publish(event)

    async def close(self) -> None:
        """Wait until the lists that are being read are complete."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _list_models(self) -> None:
        try:
            await self._library.refresh_models()
        except Exception:
            log.exception("the models could not be listed when one was finished")

    async def _refresh(self, info: JobInfo) -> None:
        try:
            if info.kind == "atlas":
                self._publisher.publish(AtlasChanged(model=info.subject))
            elif info.kind == "train":
                await self._library.refresh_models()
                if info.state == "done":  # clients may have listed its model before it had an atlas
                    self._publisher.publish(AtlasChanged(model=info.subject))
            else:
                await self._library.refresh_corpora()
        except Exception:
            log.exception("the list could not be read after a job")

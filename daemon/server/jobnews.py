"""What happens to jobs, as events; and the lists that change when a job ends, brought up to date."""

import asyncio
import logging

from daemon.jobs.reports import event_of
from daemon.runs.reports import Report, StepReport
from daemon.server.library import Library
from daemon.server.wire.publisher import Publisher
from protocol.messages.events import AtlasChanged, JobChanged
from protocol.messages.jobs import JobInfo
from protocol.places import Places

log = logging.getLogger("allele.jobs")


class JobNews:
    """Called by the job queue on the loop's thread."""

    def __init__(self, publisher: Publisher, library: Library, places: Places) -> None:
        self._publisher, self._library, self._places = publisher, library, places
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, info: JobInfo, is_state: bool) -> None:
        """A new state goes out at once, after whatever progress still waits; progress is coalesced."""
        if not is_state:
            self._publisher.progress(info.id, JobChanged(job=info))
            return
        self._publisher.settle(info.id)
        self._publisher.publish(JobChanged(job=info))
        if not info.is_open:
            task = asyncio.create_task(self._refresh(info))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def reported(self, info: JobInfo, report: Report) -> None:
        """Steps are coalesced, evaluations and words are not."""
        event = event_of(info.id, report, self._places.models / info.subject)
        if isinstance(report, StepReport):
            self._publisher.progress(info.id, event)
        else:
            self._publisher.publish(event)

    async def close(self) -> None:
        """Wait for what is being read."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _refresh(self, info: JobInfo) -> None:
        try:
            if info.kind == "atlas":
                self._publisher.publish(AtlasChanged(model=info.subject))
            elif info.kind == "train":
                await self._library.refresh_models()
                if info.state == "done":  # its model may have been listed, and asked about, before there was an atlas
                    self._publisher.publish(AtlasChanged(model=info.subject))
            else:
                await self._library.refresh_corpora()
        except Exception:
            log.exception("the list after a job could not be read")

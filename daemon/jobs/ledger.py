"""The record of all jobs: in memory, in the catalogue, and published to clients.

It contains the newest jobs of earlier daemons too. When a daemon starts, jobs that the last daemon left queued or
running become interrupted; paused jobs remain paused.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from daemon.jobs.endings import Ending, cut_off
from daemon.jobs.specs import GenerateSpec, JobSpec, TrainSpec
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo

log = logging.getLogger("allele.jobs")

KEPT_JOBS = 200

OnChange = Callable[[JobInfo, bool], None]


class JobLedger:
    """All jobs by id, and the specifications of those that have not ended. Use it on the loop's thread.

    Args:
        on_change: called with each new state (True) or progress (False).
    """

    def __init__(self, catalogue: Catalogue, thread: StoreThread, on_change: OnChange) -> None:
        self._catalogue, self._thread, self._on_change = catalogue, thread, on_change
        self._jobs: dict[str, JobInfo] = {}
        self._specs: dict[str, JobSpec] = {}

    # --- reading -----------------------------------------------------------------------------------------

    @property
    def all(self) -> list[JobInfo]:
        """All jobs, newest first."""
        return list(self._jobs.values())[::-1]

    @property
    def active(self) -> list[JobInfo]:
        """Jobs that are queued or running, oldest first."""
        return [info for info in self._jobs.values() if info.is_active]

    @property
    def open(self) -> list[JobInfo]:
        """Jobs without a terminal state, paused ones included, oldest first."""
        return [info for info in self._jobs.values() if info.is_open]

    def find(self, job: str) -> JobInfo:
        """Find a job by id.

        Raises:
            AlleleError: E_NOT_FOUND. It lists the newest jobs.
        """
        info = self._jobs.get(job)
        if info is None:
            known = ", ".join(info.id for info in self.all[:8]) or "none"
            raise AlleleError("E_NOT_FOUND", f"no job is called {job}", hint=f"newest jobs: {known}")
        return info

    def spec(self, job: str) -> JobSpec | None:
        """The specification of a job that has not ended."""
        return self._specs.get(job)

    async def spec_of(self, job: str) -> JobSpec | None:
        """The specification of any job, including those of earlier daemons. None if it cannot be read."""
        return await self._thread.call(self._catalogue.spec_of, job)

    async def run_of(self, job: str) -> Path | None:
        """The run folder of a training, even if its model was deleted or renamed. None for other jobs."""
        spec = await self.spec_of(job)
        return Path(spec.run_dir) if isinstance(spec, TrainSpec) else None

    def corpus_of(self, job: str) -> str:
        """The corpus that an open job uses."""
        spec = self._specs.get(job)
        return "" if spec is None or isinstance(spec, GenerateSpec) else Path(spec.corpus_dir).name

    async def known(self, cid: bytes, request: bytes) -> JobInfo | None:
        """The job that the same request created earlier, perhaps in an earlier daemon, or None."""
        return await self._thread.call(self._catalogue.job_of, cid, request)

    async def drain(self) -> None:
        """Wait until no job is running or queued."""
        while self.active:
            await asyncio.sleep(0.1)

    # --- writing -----------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the jobs of earlier daemons. Those that were queued or running become interrupted."""
        for info in await self._thread.call(self._catalogue.unfinished):
            log.warning("%s %s %s was left %s: interrupted", info.id, info.kind, info.subject, info.state)
            error = "the daemon ended while it was " + info.state
            await self.save(_ended(info, cut_off("interrupted", info.id, await self.spec_of(info.id), error)))
        for info in reversed(await self._thread.call(self._catalogue.jobs)):
            self._jobs[info.id] = info
            if info.state == "paused":
                await self._load_paused(info)

    async def _load_paused(self, info: JobInfo) -> None:
        spec = await self.spec_of(info.id)
        if spec is not None:
            self._specs[info.id] = spec
            return
        self._jobs[info.id] = _ended(info, cut_off("interrupted", info.id, None, "its specification cannot be read"))
        await self.save(self._jobs[info.id])

    async def add(self, spec: JobSpec, cid: bytes, request: bytes) -> tuple[JobInfo, bool]:
        """Record a job on disk. Returns it, and False if the same request recorded it earlier."""
        info = await self._thread.call(self._catalogue.add_job, spec, cid, request)
        if info.id in self._jobs:
            return self._jobs[info.id], False
        self._jobs[info.id], self._specs[info.id] = info, spec
        self._on_change(info, True)
        self._forget_old()
        return info, True

    def update(self, job: str, *, is_state: bool = True, **fields: Any) -> JobInfo:
        """Change fields of a job and publish it."""
        self._jobs[job] = replace(self._jobs[job], **fields)
        self._on_change(self._jobs[job], is_state)
        return self._jobs[job]

    def put_spec(self, job: str, spec: JobSpec) -> None:
        """Change the specification of an open job."""
        self._specs[job] = spec

    def is_stopped(self, job: str) -> bool:
        """Whether a user ended this training, so that only its model remains to be written."""
        spec = self._specs.get(job)
        return isinstance(spec, TrainSpec) and spec.is_stopped

    def mark_stopped(self, job: str) -> None:
        """Mark a training as stopped: its next process only writes the model."""
        spec = self._specs.get(job)
        if isinstance(spec, TrainSpec):
            self._specs[job] = replace(spec, is_stopped=True)

    async def save_spec(self, job: str) -> None:
        """Write the specification of a job, unless it has ended. A failure to write does not stop the job."""
        try:
            if job in self._specs:
                await self._thread.call(self._catalogue.save_spec, job, self._specs[job])
        except Exception:
            log.exception("the specification of job %s could not be written", job)

    async def save(self, info: JobInfo) -> None:
        """Write a job. A failure to write does not stop it; the next daemon would mark it as interrupted."""
        try:
            await self._thread.call(self._catalogue.save_job, info)
        except Exception:
            log.exception("job %s could not be written", info.id)

    async def park(self, job: str) -> None:
        """Record that a job is paused until a user resumes it."""
        is_stopped = self.is_stopped(job)
        info = self.update(
            job,
            state="paused",
            phase="stopping" if is_stopped else "idle",
            can_resume=True,
            eta_s=None,
            position=0,
            detail="",
            hint=f"{'make its model' if is_stopped else 'go on'} with: allele jobs resume {job}",
        )
        log.info("%s paused", job)
        await self.save(info)

    async def end(self, job: str, ending: Ending) -> None:
        """Record the terminal state of a job and publish it."""
        info = self._jobs[job]
        if not info.is_open:
            return
        is_made = ending.state == "done" and self.is_stopped(job)
        self._specs.pop(job, None)
        info = self._jobs[job] = replace(_ended(info, ending), phase="stopped" if is_made else "idle")
        self._on_change(info, True)
        log.info("%s %s %s: %s %s", job, info.kind, info.subject, info.state, info.error)
        await self.save(info)

    async def move_runs(self, old: Path, new: Path) -> None:
        """Record that a run folder was moved, for every job that used it. All of them have ended."""
        await self._thread.call(self._catalogue.move_runs, str(old), str(new))

    def _forget_old(self) -> None:
        for job in [job for job, info in self._jobs.items() if not info.is_open][: -KEPT_JOBS or None]:
            with contextlib.suppress(KeyError):
                del self._jobs[job]


def _ended(info: JobInfo, ending: Ending) -> JobInfo:
    return replace(
        info,
        state=ending.state,
        phase="idle",
        can_resume=ending.can_resume,
        ended_s=time.time(),
        error=ending.error,
        hint=ending.hint,
        result=ending.result,
        progress=1.0 if ending.state == "done" else info.progress,
        eta_s=None,
        position=0,
        detail=ending.detail,
    )

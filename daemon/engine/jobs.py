"""The job queue: states, order, cancellation. One child process for each running job, one running job of each kind.

    queued → running → done | failed | cancelled | interrupted        exactly one terminal state

Data flow: `submit` writes the job to the catalogue before it is acknowledged; a runner task for each kind takes the
oldest; every change goes to `on_change`, every report to `on_report`, on the loop's thread.
What can go wrong: the child dies (failed, with its last words and how to resume), does not stop when cancelled (killed
after a grace period), or the daemon itself stops or dies (interrupted: now, or when the next one starts).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from daemon.engine.jobrun import Ending, JobRun, command_to_go_on
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from daemon.training.reports import Report
from protocol.errors import AlleleError
from protocol.messages import JobInfo

log = logging.getLogger("allele.jobs")

ACTIVE = ("queued", "running")
KINDS = ("ingest", "train")
CANCEL_GRACE_S = 20.0  # an evaluation in progress and a checkpoint
STOP_GRACE_S = 5.0  # the checkpoint before it is intact anyway
KEPT_JOBS = 200

OnChange = Callable[[JobInfo, bool], None]
OnReport = Callable[[JobInfo, Report], None]


class JobQueue:
    """All jobs of this daemon and the newest of those before it.

    Args:
        on_change: told of each new state (True) or progress (False).
        on_report: told what a job's child reports.
    """

    def __init__(
        self, catalogue: Catalogue, thread: StoreThread, logs: Path, on_change: OnChange, on_report: OnReport
    ) -> None:
        self._catalogue, self._thread, self._logs = catalogue, thread, logs
        self._on_change, self._on_report = on_change, on_report
        self._jobs: dict[str, JobInfo] = {}
        self._specs: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, deque[str]] = {kind: deque() for kind in KINDS}
        self._wake = {kind: asyncio.Event() for kind in KINDS}
        self._runs: dict[str, JobRun] = {}
        self._cancelled: set[str] = set()
        self._stopping = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Close what an earlier daemon left open, then run what is submitted."""
        for info in await self._thread.call(self._catalogue.unfinished):
            spec = await self._thread.call(self._catalogue.spec_of, info.id)
            ended = replace(
                info,
                state="interrupted",
                ended_s=time.time(),
                error="the daemon ended while it was " + info.state,
                hint=command_to_go_on(spec),
            )
            log.warning("%s %s %s was left %s: interrupted", info.id, info.kind, info.subject, info.state)
            await self._save(ended)
        for info in reversed(await self._thread.call(self._catalogue.jobs)):
            self._jobs[info.id] = info
        self._tasks = [asyncio.create_task(self._work(kind)) for kind in KINDS]

    async def stop(self) -> None:
        """Interrupt what runs or waits; every job has a terminal state when this returns."""
        self._stopping = "the daemon stopped"
        for job in [job for queue in self._waiting.values() for job in queue]:
            await self._end(job, Ending("interrupted", self._stopping, command_to_go_on(self._specs.get(job, {}))))
        running = list(self._runs.values())
        for run in running:
            run.cancel(STOP_GRACE_S)
        if running:
            await asyncio.wait([asyncio.create_task(run.over.wait()) for run in running], timeout=STOP_GRACE_S + 5)
        deadline_s = time.monotonic() + 5
        while self._runs and time.monotonic() < deadline_s:
            await asyncio.sleep(0.02)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def all(self) -> list[JobInfo]:
        """Newest first."""
        return list(self._jobs.values())[::-1]

    @property
    def active(self) -> list[JobInfo]:
        """Queued and running ones, oldest first."""
        return [info for info in self._jobs.values() if info.state in ACTIVE]

    def find(self, job: str) -> JobInfo:
        """One job.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        info = self._jobs.get(job)
        if info is None:
            known = ", ".join(info.id for info in self.all[:8]) or "none"
            raise AlleleError("E_NOT_FOUND", f"no job is called {job}", hint=f"newest jobs: {known}")
        return info

    def corpus_of(self, job: str) -> str:
        """The corpus that a queued or running job uses."""
        spec = self._specs.get(job, {})
        return Path(str(spec.get("corpus_dir", ""))).name

    async def known(self, cid: bytes, request: bytes) -> JobInfo | None:
        """The job that this request made before, perhaps in an earlier daemon."""
        return await self._thread.call(self._catalogue.job_of, cid, request)

    async def submit(self, kind: str, subject: str, spec: dict[str, Any], cid: bytes, request: bytes) -> JobInfo:
        """Queue a job; it is on disk when this returns.

        Args:
            spec: what the child is told, with `again_hint` and `resume_hint`: commands that start it again.

        Raises:
            AlleleError: E_BUSY when the daemon stops.
        """
        if self._stopping:
            raise AlleleError("E_BUSY", "the daemon is stopping", hint="start it again: allele daemon start")
        info = await self._thread.call(self._catalogue.add_job, kind, subject, spec, cid, request)
        if info.id not in self._jobs:
            self._jobs[info.id] = info
            self._specs[info.id] = spec
            self._on_change(info, True)
            self._waiting[kind].append(info.id)
            self._wake[kind].set()
            self._forget_old()
        return info

    async def cancel(self, job: str) -> JobInfo:
        """Cancel; answered at once. A finished job stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        info = self.find(job)
        if info.state == "queued":
            self._waiting[info.kind].remove(job)
            await self._end(job, Ending("cancelled", "", command_to_go_on(self._specs.get(job, {}))))
        elif info.state == "running":
            self._cancelled.add(job)
            self._update(job, is_state=True, detail="cancelling")
            if job in self._runs:
                self._runs[job].cancel(CANCEL_GRACE_S)
        return self._jobs[job]

    async def drain(self) -> None:
        """Wait until nothing runs or waits."""
        while self.active:
            await asyncio.sleep(0.1)

    # --- running -----------------------------------------------------------------------------------------

    async def _work(self, kind: str) -> None:
        while True:
            while not self._waiting[kind]:
                self._wake[kind].clear()
                await self._wake[kind].wait()
            job = self._waiting[kind].popleft()
            if self._stopping:
                continue
            try:
                await self._run(job)
            except Exception:
                log.exception("job %s", job)
                await self._end(job, Ending("failed", "a defect of the daemon; its log has the details", ""))

    async def _run(self, job: str) -> None:
        self._update(job, is_state=True, state="running", started_s=time.time())
        await self._save(self._jobs[job])
        info = self._jobs[job]
        run = JobRun(
            info,
            self._specs[job],
            self._logs / f"job-{info.kind}.log",
            on_progress=lambda **fields: self._update(job, is_state=False, **fields),
            on_report=lambda report: self._on_report(self._jobs[job], report),
        )
        self._runs[job] = run
        try:
            if job in self._cancelled:
                run.cancel(CANCEL_GRACE_S)
            ending = await run.go()
        finally:
            self._runs.pop(job, None)
        if ending.state == "stopped":
            by_user = job in self._cancelled
            state = "cancelled" if by_user else "interrupted"
            ending = Ending(state, "" if by_user else self._stopping, ending.hint)
        await self._end(job, ending)

    async def _end(self, job: str, ending: Ending) -> None:
        """Give a job its one terminal state."""
        if self._jobs[job].state not in ACTIVE:
            return
        hint = ending.hint
        progress = 1.0 if ending.state == "done" else self._jobs[job].progress
        self._update(
            job,
            is_state=True,
            state=ending.state,
            ended_s=time.time(),
            error=ending.error,
            hint=hint,
            result=ending.result,
            progress=progress,
            eta_s=None,
            detail="",
        )
        self._cancelled.discard(job)
        self._specs.pop(job, None)
        info = self._jobs[job]
        log.info("%s %s %s: %s %s", job, info.kind, info.subject, info.state, info.error)
        await self._save(info)

    def _update(self, job: str, *, is_state: bool, **fields: Any) -> None:
        self._jobs[job] = replace(self._jobs[job], **fields)
        self._on_change(self._jobs[job], is_state)

    async def _save(self, info: JobInfo) -> None:
        """Write a job; a full disk is no reason to stop working, the next daemon will call it interrupted."""
        try:
            await self._thread.call(self._catalogue.save_job, info)
        except Exception:
            log.exception("job %s could not be written", info.id)

    def _forget_old(self) -> None:
        for job in [job for job, info in self._jobs.items() if info.state not in ACTIVE][: -KEPT_JOBS or None]:
            with contextlib.suppress(KeyError):
                del self._jobs[job]

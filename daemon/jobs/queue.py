"""The job queue: order, pausing, cancelling, stopping. One child for each running job, one of each kind at a time.

    queued → running → done | failed | cancelled | interrupted        exactly one terminal state
       ↑↓       ↓
        paused ←┘    a checkpoint and no process: it holds neither a core nor memory, and outlives the daemon

Data flow: `submit` writes the job to the catalogue before it is acknowledged; a runner task for each kind takes the
first in its line; the ledger publishes every change, and reports go to `on_report`, on the loop's thread.
What can go wrong: the child dies (failed, with its last words and how to resume), does not stop when cancelled (killed
after a grace period), or the daemon itself stops or dies (interrupted: now, or when the next one starts).
"""

import asyncio
import enum
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from daemon.jobs.endings import Ending, can_be_stopped, continued, cut_off, defect
from daemon.jobs.job_process import JobRun, Progress
from daemon.jobs.ledger import JobLedger
from daemon.jobs.specs import JobSpec
from daemon.jobs.waiting_line import Line
from daemon.runs.reports import Report
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo, JobKind

log = logging.getLogger("allele.jobs")

KINDS: tuple[JobKind, ...] = get_args(JobKind)
CANCEL_GRACE_S = 20.0  # an evaluation in progress and a checkpoint
PAUSE_GRACE_S = 60.0  # who means to go on would rather wait than lose the steps since the last checkpoint
STOP_GRACE_S = 5.0  # the checkpoint before it is intact anyway

OnReport = Callable[[JobInfo, Report], None]


class Intent(enum.Enum):
    """What becomes of a running job once its process has stopped."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    """It was being paused and is wanted again: it goes to the front of its line."""


class JobQueue:
    """Runs the jobs of a ledger.

    Args:
        ledger: the record of all jobs.
        on_report: called with what a job's child reports.
    """

    def __init__(self, ledger: JobLedger, logs: Path, on_report: OnReport) -> None:
        self._ledger, self._logs, self._on_report = ledger, logs, on_report
        self._lines = {kind: Line() for kind in KINDS}
        self._runs: dict[str, JobRun] = {}
        self._intents: dict[str, Intent] = {}
        self._closing = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Interrupt what an earlier daemon left open, then run what is submitted."""
        await self._ledger.load()
        self._tasks = [asyncio.create_task(self._work(kind)) for kind in KINDS]

    async def close(self) -> None:
        """Interrupt what runs or waits; every job has a terminal state when this returns."""
        self._closing = "the daemon stopped"
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
        for info in self._ledger.active:  # what waited, was put back in its line or had not begun
            await self._end(info.id, cut_off("interrupted", info.id, self._ledger.spec(info.id), self._closing))

    async def submit(self, spec: JobSpec, cid: bytes, request: bytes) -> JobInfo:
        """Queue a job; it is on disk when this returns.

        Raises:
            AlleleError: E_BUSY when the daemon stops.
        """
        if self._closing:
            raise AlleleError("E_BUSY", "the daemon is stopping", hint="start it again: allele daemon start")
        info, is_new = await self._ledger.add(spec, cid, request)
        if is_new:
            await self._queue(info.id)
            return self._ledger.find(info.id)
        return info

    async def cancel(self, job: str) -> JobInfo:
        """Cancel; answered at once. A finished job stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        info = self._ledger.find(job)
        if info.state in ("queued", "paused"):
            self._lines[info.kind].leave(job)
            await self._end(job, cut_off("cancelled", job, self._ledger.spec(job)))
        elif info.state == "running":
            self._interrupt(job, Intent.CANCEL)
        self._publish_places(info.kind)
        return self._ledger.find(job)

    async def pause(self, job: str) -> JobInfo:
        """Put a job aside; answered at once, a running one is paused when its checkpoint is on the disk.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST for what is no training, has ended or is being cancelled.
        """
        info = self._training(job)
        if info.state == "queued":
            self._lines[info.kind].leave(job)
            await self._ledger.park(job)
        elif info.state == "running":
            self._interrupt(job, Intent.PAUSE)
        elif info.state != "paused":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}: there is nothing to pause", hint=info.hint)
        self._publish_places(info.kind)
        return self._ledger.find(job)

    async def resume(self, job: str) -> JobInfo:
        """Take up a job that was put aside, next in the line; one that runs or waits stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST for what is no training, has ended or is being cancelled.
        """
        info = self._training(job)
        if info.state == "paused":
            await self._queue(job, is_next=True)
        elif info.state == "running" and self._intents.get(job) is Intent.PAUSE:
            self._intents[job] = Intent.RESUME
            self._ledger.update(job, phase="resuming")
        elif not info.is_active:
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}", hint=info.hint)
        return self._ledger.find(job)

    async def stop(self, job: str) -> JobInfo:
        """End a training now with its model; answered at once. One that is done stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST when nothing is learnt yet or it is being cancelled.
        """
        info = self._training(job)
        if info.state == "running":
            self._ledger.mark_stopped(job)  # also for a process that starts later
            if self._intents.get(job) is Intent.PAUSE:
                self._intents[job] = Intent.RESUME  # its process stops: the next one makes the model
            self._ledger.update(job, phase="stopping")
            if job in self._runs:
                await self._runs[job].keep()
        elif info.is_open:
            if not can_be_stopped(self._ledger.spec(job)):
                raise AlleleError(
                    "E_BAD_REQUEST", f"job {job} has learnt nothing yet", hint=f"allele jobs cancel {job}"
                )
            self._ledger.mark_stopped(job)
            await self._queue(job, is_next=True)
        elif info.state != "done":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}", hint=info.hint)
        await self._ledger.save_spec(job)  # it outlives a pause and this daemon
        return self._ledger.find(job)

    def move(self, job: str, position: int) -> JobInfo:
        """Give a queued job another place in its line.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST when it does not wait.
        """
        info = self._ledger.find(job)
        if info.state != "queued":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}: only a queued job has a place")
        self._lines[info.kind].move(job, position)
        self._publish_places(info.kind)
        return self._ledger.find(job)

    # --- running -----------------------------------------------------------------------------------------

    async def _work(self, kind: JobKind) -> None:
        while True:
            job = await self._lines[kind].take()
            if self._closing:
                continue
            try:
                await self._run(job)
            except Exception as problem:
                log.exception("job %s", job)
                await self._end(job, defect(job, self._ledger.spec(job), problem))
            self._publish_places(kind)

    async def _run(self, job: str) -> None:
        spec = self._ledger.spec(job)
        assert spec is not None  # every open job has one
        if self._ledger.find(job).started_s:
            spec = continued(spec)
            self._ledger.put_spec(job, spec)
        info = self._ledger.update(job, state="running", phase="starting", started_s=time.time(), position=0, detail="")
        self._publish_places(info.kind)
        await self._ledger.save(info)
        run = JobRun(
            info,
            spec,
            self._logs / f"job-{info.kind}.log",
            on_progress=lambda progress: self._progress(job, progress),
            on_report=lambda report: self._on_report(self._ledger.find(job), report),
        )
        self._runs[job] = run
        try:
            if job in self._intents:
                run.cancel(CANCEL_GRACE_S)
            if self._ledger.is_stopped(job):
                await run.keep()
            ending = await run.go()
        finally:
            self._runs.pop(job, None)
        intent = self._intents.pop(job, None)
        if ending is not None:
            await self._end(job, ending)
        elif intent is Intent.PAUSE:
            await self._ledger.park(job)
        elif intent is Intent.RESUME:
            await self._queue(job, is_next=True)
        elif intent is Intent.CANCEL:
            await self._end(job, cut_off("cancelled", job, self._ledger.spec(job)))
        else:
            await self._end(job, cut_off("interrupted", job, self._ledger.spec(job), self._closing))

    def _training(self, job: str) -> JobInfo:
        info = self._ledger.find(job)
        if info.kind != "train":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is no training", hint=f"end it: allele jobs cancel {job}")
        if self._intents.get(job) is Intent.CANCEL:
            raise AlleleError("E_BAD_REQUEST", f"job {job} is being cancelled", hint="ask again when it has ended")
        return info

    async def _queue(self, job: str, *, is_next: bool = False) -> None:
        """Let a job wait for its turn."""
        info = self._ledger.find(job)
        is_again = info.state != "queued"
        if is_again:
            self._ledger.update(job, state="queued", phase="idle", can_resume=False, detail="", hint="", eta_s=None)
        self._lines[info.kind].join(job, is_next=is_next)
        self._publish_places(info.kind)
        if is_again:
            await self._ledger.save(self._ledger.find(job))

    def _interrupt(self, job: str, intent: Intent) -> None:
        """Stop a running job's child; what becomes of the job then is the intent."""
        self._intents[job] = intent
        is_pause = intent is Intent.PAUSE
        self._ledger.update(job, phase="pausing" if is_pause else "cancelling")
        if job in self._runs:
            self._runs[job].cancel(PAUSE_GRACE_S if is_pause else CANCEL_GRACE_S)

    def _progress(self, job: str, progress: Progress) -> None:
        """Record a child's progress; that it is about to stop, or only makes its model, remains visible."""
        phase = self._ledger.find(job).phase if job in self._intents else progress.phase
        if phase == "working" and self._ledger.is_stopped(job):
            phase = "stopping"
        self._ledger.update(
            job,
            is_state=False,
            phase=phase,
            progress=progress.progress,
            eta_s=progress.eta_s,
            detail=progress.detail,
        )

    def _publish_places(self, kind: JobKind) -> None:
        """Tell every waiting job's followers where it stands and what it waits for."""
        ahead = [info.subject for info in self._ledger.active if info.kind == kind and info.state == "running"]
        for place, job in enumerate(self._lines[kind].jobs, 1):
            more = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
            detail = f"waits for {ahead[0]}{more}" if ahead else ""
            info = self._ledger.find(job)
            if (info.position, info.detail) != (place, detail):
                self._ledger.update(job, position=place, detail=detail)
            ahead.append(info.subject)

    async def _end(self, job: str, ending: Ending) -> None:
        """Give a job its one terminal state."""
        self._intents.pop(job, None)
        await self._ledger.end(job, ending)

"""The job queue: order, pausing, cancelling, stopping. Each job has its own child process; one job of each kind runs.

    queued → running → done | failed | cancelled | interrupted        exactly one terminal state
       ↑↓       ↓
        paused ←┘    a checkpoint and no process: it uses no core and no memory, and is kept when the daemon stops

Data flow: `submit` writes the job to the catalogue before it is acknowledged. A runner task for each kind takes the
first job of its queue. The ledger publishes every change. Reports are passed to `on_report` on the loop's thread.
What can go wrong: the child dies (failed, with its last output and the command to resume), it does not stop when
cancelled (killed after a grace period), or the daemon stops or dies (interrupted at once or at the next start).
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
from daemon.jobs.reports import SoundReport
from daemon.jobs.specs import JobSpec
from daemon.jobs.standing import Standing
from daemon.jobs.waiting_line import Line
from daemon.runs.reports import Report
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo, JobKind

log = logging.getLogger("allele.jobs")

KINDS: tuple[JobKind, ...] = get_args(JobKind)
CANCEL_GRACE_S = 20.0  # enough for an evaluation in progress and a checkpoint
PAUSE_GRACE_S = 60.0  # longer, because the user wants to keep the steps since the last checkpoint
STOP_GRACE_S = 5.0  # shorter, because the last checkpoint is intact

OnReport = Callable[[JobInfo, Report | SoundReport], None]


class Intent(enum.Enum):
    """What to do with a running job after its process has stopped."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    """It was resumed while it was being paused: it becomes the first of its queue."""


class JobQueue:
    """Runs the jobs of a ledger, one of each kind at a time.

    Args:
        ledger: the record of all jobs.
        on_report: called with each report of a job's process.
    """

    def __init__(self, ledger: JobLedger, logs: Path, on_report: OnReport) -> None:
        self._ledger, self._logs, self._on_report = ledger, logs, on_report
        self._lines = {kind: Line() for kind in KINDS}
        self._runs: dict[str, JobRun] = {}
        self._intents: dict[str, Intent] = {}
        self._standing = Standing()
        self._closing = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load the jobs of earlier daemons, then start to run submitted jobs."""
        await self._ledger.load()
        self._tasks = [asyncio.create_task(self._work(kind)) for kind in KINDS]

    async def close(self) -> None:
        """Interrupt all running and queued jobs. When this returns, each of them has a terminal state."""
        self._closing = "the daemon stopped"
        running = list(self._runs.values())
        for run in running:
            run.cancel(STOP_GRACE_S)
        if running:
            await asyncio.wait([asyncio.create_task(run.over.wait()) for run in running], timeout=STOP_GRACE_S + 5)
        deadline_s = time.monotonic() + 5
        while self._runs and time.monotonic() < deadline_s:
            await asyncio.sleep(0.02)
        await self._standing.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for info in self._ledger.active:  # jobs that were queued, were put back in the queue or had not started
            await self._end(info.id, cut_off("interrupted", info.id, self._ledger.spec(info.id), self._closing))

    async def submit(self, spec: JobSpec, cid: bytes, request: bytes) -> JobInfo:
        """Queue a job. It is on disk when this returns.

        Raises:
            AlleleError: E_BUSY if the daemon is stopping.
        """
        if self._closing:
            raise AlleleError("E_BUSY", "the daemon is stopping", hint="start it again: allele daemon start")
        info, is_new = await self._ledger.add(spec, cid, request)
        if is_new:
            await self._queue(info.id)
            return self._ledger.find(info.id)
        return info

    async def cancel(self, job: str) -> JobInfo:
        """Cancel a job without waiting for its end. A finished job is not changed.

        Raises:
            AlleleError: E_NOT_FOUND if there is no such job.
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
        """Pause a training. Returns at once; a running one becomes paused when its checkpoint is on disk.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST if it is not a training, has ended or is being cancelled.
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
        """Resume a paused training as the next in the queue. A running or queued one is not changed.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST if it is not a training, has ended or is being cancelled.
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
        """End a training now with its model. Returns at once. A finished training is not changed.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST if nothing is learnt yet or it is being cancelled.
        """
        info = self._training(job)
        if info.state == "running":
            self._ledger.mark_stopped(job)  # so that a process that starts later knows it too
            if self._intents.get(job) is Intent.PAUSE:
                self._intents[job] = Intent.RESUME  # its process stops; the next one writes the model
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
        await self._ledger.save_spec(job)  # kept across a pause and the end of this daemon
        return self._ledger.find(job)

    def move(self, job: str, position: int) -> JobInfo:
        """Move a queued job to another place in its queue.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST if it is not queued.
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
        assert spec is not None  # every open job has a specification
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
            self._standing,
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
            raise AlleleError("E_BAD_REQUEST", f"job {job} is not a training", hint=f"end it: allele jobs cancel {job}")
        if self._intents.get(job) is Intent.CANCEL:
            raise AlleleError("E_BAD_REQUEST", f"job {job} is being cancelled", hint="try again when it has ended")
        return info

    async def _queue(self, job: str, *, is_next: bool = False) -> None:
        """Add a job to the queue of its kind."""
        info = self._ledger.find(job)
        is_again = info.state != "queued"
        if is_again:
            self._ledger.update(job, state="queued", phase="idle", can_resume=False, detail="", hint="", eta_s=None)
        self._lines[info.kind].join(job, is_next=is_next)
        self._publish_places(info.kind)
        if is_again:
            await self._ledger.save(self._ledger.find(job))

    def _interrupt(self, job: str, intent: Intent) -> None:
        """Stop the process of a running job. The intent says what to do with the job afterwards."""
        self._intents[job] = intent
        is_pause = intent is Intent.PAUSE
        self._ledger.update(job, phase="pausing" if is_pause else "cancelling")
        if job in self._runs:
            self._runs[job].cancel(PAUSE_GRACE_S if is_pause else CANCEL_GRACE_S)

    def _progress(self, job: str, progress: Progress) -> None:
        """Record the progress of a job's process. A phase such as pausing or stopping remains visible."""
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
        """Publish the place of every queued job, and what it waits for."""
        ahead = [info.subject for info in self._ledger.active if info.kind == kind and info.state == "running"]
        for place, job in enumerate(self._lines[kind].jobs, 1):
            more = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
            detail = f"waits for {ahead[0]}{more}" if ahead else ""
            info = self._ledger.find(job)
            if (info.position, info.detail) != (place, detail):
                self._ledger.update(job, position=place, detail=detail)
            ahead.append(info.subject)

    async def _end(self, job: str, ending: Ending) -> None:
        """Record the terminal state of a job and forget its process."""
        self._intents.pop(job, None)
        await self._ledger.end(job, ending)

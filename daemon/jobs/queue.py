"""The job queue: states, order, pausing, cancelling. One child for each running job, one of each kind at a time.

    queued → running → done | failed | cancelled | interrupted        exactly one terminal state
       ↑↓       ↓
        paused ←┘    a checkpoint and no process: it holds neither a core nor memory, and outlives the daemon

Data flow: `submit` writes the job to the catalogue before it is acknowledged; a runner task for each kind takes the
first in its line; every change goes to `on_change`, every report to `on_report`, on the loop's thread.
What can go wrong: the child dies (failed, with its last words and how to resume), does not stop when cancelled (killed
after a grace period), or the daemon itself stops or dies (interrupted: now, or when the next one starts).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.jobs.job_process import Ending, JobRun, can_be_kept, command_to_go_on, ending_of, going_on
from daemon.jobs.ledger import OPEN, JobLedger, OnChange
from daemon.jobs.waiting_line import Line
from daemon.runs.reports import Report
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo

log = logging.getLogger("allele.jobs")

KINDS = ("ingest", "train", "atlas")
CANCEL_GRACE_S = 20.0  # an evaluation in progress and a checkpoint
PAUSE_GRACE_S = 60.0  # who means to go on would rather wait than lose the steps since the last checkpoint
STOP_GRACE_S = 5.0  # the checkpoint before it is intact anyway

OnReport = Callable[[JobInfo, Report], None]


class JobQueue(JobLedger):
    """All jobs of this daemon and the newest of those before it.

    Args:
        on_change: told of each new state (True) or progress (False).
        on_report: told what a job's child reports.
    """

    def __init__(
        self, catalogue: Catalogue, thread: StoreThread, logs: Path, on_change: OnChange, on_report: OnReport
    ) -> None:
        super().__init__(catalogue, thread, on_change)
        self._logs, self._on_report = logs, on_report
        self._lines = {kind: Line() for kind in KINDS}
        self._runs: dict[str, JobRun] = {}
        self._wishes: dict[str, str] = {}  # the state a running job is to have when its child has stopped
        self._stopping = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Close what an earlier daemon left open, then run what is submitted."""
        await self._load()
        self._tasks = [asyncio.create_task(self._work(kind)) for kind in KINDS]

    async def stop(self) -> None:
        """Interrupt what runs or waits; every job has a terminal state when this returns."""
        self._stopping = "the daemon stopped"
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
        for job in [info.id for info in self.active]:  # what waited, was put back in its line or had not begun
            await self._end(job, Ending("interrupted", self._stopping, command_to_go_on(self._specs.get(job, {}))))

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
            await self._queue(info.id)
            self._forget_old()
        return self._jobs.get(info.id, info)

    async def cancel(self, job: str) -> JobInfo:
        """Cancel; answered at once. A finished job stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        info = self.find(job)
        if info.state in ("queued", "paused"):
            self._lines[info.kind].leave(job)
            await self._end(job, Ending("cancelled", "", command_to_go_on(self._specs.get(job, {}))))
        elif info.state == "running":
            self._interrupt(job, "cancelled", "cancelling")
        self._tell_places(info.kind)
        return self._jobs[job]

    async def pause(self, job: str) -> JobInfo:
        """Put a job aside; answered at once, a running one is paused when its checkpoint is on the disk.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST for what is no training, has ended or is being cancelled.
        """
        info = self._training(job)
        if info.state == "queued":
            self._lines[info.kind].leave(job)
            await self._park(job)
        elif info.state == "running":
            self._interrupt(job, "paused", "pausing")
        elif info.state != "paused":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}: there is nothing to pause", hint=info.hint)
        self._tell_places(info.kind)
        return self._jobs[job]

    async def resume(self, job: str) -> JobInfo:
        """Go on with a job that was put aside, next in the line; one that goes on already stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST for what is no training, has ended or is being cancelled.
        """
        info = self._training(job)
        if info.state == "paused":
            await self._queue(job, is_next=True)
        elif info.state == "running" and self._wishes.get(job) == "paused":
            self._wishes[job] = "queued"
            self._update(job, is_state=True, detail="goes on")
        elif info.state not in ("queued", "running"):
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}", hint=info.hint)
        return self._jobs[job]

    async def keep(self, job: str) -> JobInfo:
        """End a training now with its model; answered at once. One that is done stays as it is.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST when nothing is learnt yet or it is being cancelled.
        """
        info = self._training(job)
        if info.state == "running":
            self._mark_stopped(job)  # also for a process that starts later
            if self._wishes.get(job) == "paused":
                self._wishes[job] = "queued"  # its process stops: the next one makes the model
            self._update(job, is_state=True, detail="ending, and making the model")
            if job in self._runs:
                await self._runs[job].keep()
        elif info.state in ("queued", "paused"):
            if not can_be_kept(self._specs.get(job, {})):
                raise AlleleError(
                    "E_BAD_REQUEST", f"job {job} has learnt nothing yet", hint=f"allele jobs cancel {job}"
                )
            self._mark_stopped(job)
            await self._queue(job, is_next=True)
        elif info.state != "done":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}", hint=info.hint)
        await self._save_spec(job)  # it outlives a pause and this daemon
        return self._jobs[job]

    def move(self, job: str, position: int) -> JobInfo:
        """Give a queued job another place in its line.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_REQUEST when it does not wait.
        """
        info = self.find(job)
        if info.state != "queued":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is {info.state}: only a queued job has a place")
        self._lines[info.kind].move(job, position)
        self._tell_places(info.kind)
        return self._jobs[job]

    # --- running -----------------------------------------------------------------------------------------

    async def _work(self, kind: str) -> None:
        while True:
            job = await self._lines[kind].take()
            if self._stopping:
                continue
            try:
                await self._run(job)
            except Exception as problem:
                log.exception("job %s", job)
                await self._end(job, ending_of(problem, self._specs.get(job, {})))
            self._tell_places(kind)

    async def _run(self, job: str) -> None:
        self._specs[job] = going_on(self._specs[job]) if self._jobs[job].started_s else self._specs[job]
        self._update(job, is_state=True, state="running", started_s=time.time(), position=0, detail="starting")
        self._tell_places(self._jobs[job].kind)
        await self._save(self._jobs[job])
        run = JobRun(
            self._jobs[job],
            self._specs[job],
            self._logs / f"job-{self._jobs[job].kind}.log",
            on_progress=lambda **fields: self._progress(job, **fields),
            on_report=lambda report: self._on_report(self._jobs[job], report),
        )
        self._runs[job] = run
        try:
            if job in self._wishes:
                run.cancel(CANCEL_GRACE_S)
            if self._specs[job].get("keep"):
                await run.keep()
            ending = await run.go()
        finally:
            self._runs.pop(job, None)
        wish = self._wishes.pop(job, "")
        if ending.state != "stopped":
            await self._end(job, ending)
        elif wish == "paused":
            await self._park(job)
        elif wish == "queued":
            await self._queue(job, is_next=True)
        else:
            await self._end(job, Ending(wish or "interrupted", "" if wish else self._stopping, ending.hint))

    def _training(self, job: str) -> JobInfo:
        info = self.find(job)
        if info.kind != "train":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is no training", hint=f"end it: allele jobs cancel {job}")
        if self._wishes.get(job) == "cancelled":
            raise AlleleError("E_BAD_REQUEST", f"job {job} is being cancelled", hint="ask again when it has ended")
        return info

    async def _queue(self, job: str, *, is_next: bool = False) -> None:
        """Let a job wait for its turn."""
        kind, is_again = self._jobs[job].kind, self._jobs[job].state != "queued"
        if is_again:
            self._update(job, is_state=True, state="queued", detail="", hint="", eta_s=None)
        self._lines[kind].join(job, is_next=is_next)
        self._tell_places(kind)
        if is_again:
            await self._save(self._jobs[job])

    async def _park(self, job: str) -> None:
        """A job is put aside: it waits for a person."""
        self._update(job, is_state=True, state="paused", eta_s=None, position=0, **self._paused_words(job))
        log.info("%s paused", job)
        await self._save(self._jobs[job])

    def _interrupt(self, job: str, wish: str, detail: str) -> None:
        """Stop a running job's child; what it is then is the wish."""
        self._wishes[job] = wish
        self._update(job, is_state=True, detail=detail)
        if job in self._runs:
            self._runs[job].cancel(PAUSE_GRACE_S if wish == "paused" else CANCEL_GRACE_S)

    def _progress(self, job: str, **fields: Any) -> None:
        """What a child says of itself; that it is about to stop stays said."""
        if job in self._wishes:
            fields.pop("detail", None)
        self._update(job, is_state=False, **fields)

    def _tell_places(self, kind: str) -> None:
        """Say to every waiting job's followers where it stands and what it waits for."""
        ahead = [info.subject for info in self.active if info.kind == kind and info.state == "running"]
        for place, job in enumerate(self._lines[kind].jobs, 1):
            more = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
            detail = f"waits for {ahead[0]}{more}" if ahead else ""
            if (self._jobs[job].position, self._jobs[job].detail) != (place, detail):
                self._update(job, is_state=True, position=place, detail=detail)
            ahead.append(self._jobs[job].subject)

    async def _end(self, job: str, ending: Ending) -> None:
        """Give a job its one terminal state."""
        if self._jobs[job].state not in OPEN:
            return
        self._update(
            job,
            is_state=True,
            state=ending.state,
            ended_s=time.time(),
            error=ending.error,
            hint=ending.hint,
            result=ending.result,
            progress=1.0 if ending.state == "done" else self._jobs[job].progress,
            eta_s=None,
            position=0,
            detail=ending.detail,
        )
        self._wishes.pop(job, None)
        self._specs.pop(job, None)
        info = self._jobs[job]
        log.info("%s %s %s: %s %s", job, info.kind, info.subject, info.state, info.error)
        await self._save(info)

"""The child process of one job, from its start to its end, and the ending of the job."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from daemon.jobs.endings import Ending, failure
from daemon.jobs.reports import SoundReport, progress_of, read_line
from daemon.jobs.specs import JobSpec
from daemon.jobs.standing import Standing
from daemon.runs.reports import Report, StepReport
from daemon.supervision.failure import Failure
from daemon.supervision.pipe import Parcel, PipeError
from daemon.supervision.process import Child, spawn
from protocol.messages.jobs import JobInfo, JobKind, JobPhase
from protocol.situations import situation

log = logging.getLogger("allele.jobs")

MODULES: dict[JobKind, str] = {
    "ingest": "daemon.workers.ingest",
    "train": "daemon.workers.training",
    "atlas": "daemon.workers.atlas",
    "generate": "daemon.workers.generation",
}
OOM_HINT = "close other programs; or train a smaller --preset under another name"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The progress that a child process reports."""

    phase: JobPhase
    progress: float
    detail: str
    eta_s: float | None = None


class JobRun:
    """Starts the child process of a job, reads its reports, and stops it on request."""

    def __init__(
        self,
        info: JobInfo,
        spec: JobSpec,
        log_file: Path,
        standing: Standing,
        *,
        on_progress: Callable[[Progress], None],
        on_report: Callable[[Report | SoundReport], None],
    ) -> None:
        self._info, self._spec, self._log_file = info, spec, log_file
        self._on_progress, self._on_report = on_progress, on_report
        self._child: Child | None = None
        self._standing, self._stays = standing, False
        self._grace_s: float | None = None
        self._killer: asyncio.Task[None] | None = None
        self._is_kept = False
        self._step = 0
        self.over = asyncio.Event()

    def cancel(self, grace_s: float) -> None:
        """Tell the child to stop between two steps. It is killed after the grace period."""
        if self._grace_s is None or grace_s < self._grace_s:
            self._grace_s = grace_s
            if self._killer is not None:
                self._killer.cancel()
            if self._child is not None:
                self._killer = asyncio.create_task(self._stop(self._child, grace_s))

    async def keep(self) -> None:
        """Let the child end between two steps and keep its result. A child that has not started receives this later."""
        self._is_kept = True
        if self._child is not None:
            with contextlib.suppress(PipeError):  # it has just ended; go() reports how
                await self._child.send({"op": "keep"})

    async def go(self) -> Ending | None:
        """Run the child to its end. Returns None if it stopped on request."""
        try:
            child = self._standing.take(self._info.kind)
            child = child or await spawn(MODULES[self._info.kind], self._log_file)
        except OSError as problem:
            why = situation(problem)
            error = f"no process could be started: {why.message if why else problem}"
            return failure(self._info.id, self._spec, error, why.hint if why else "")
        self._child = child
        log.info("%s %s %s: pid %d", self._info.id, self._info.kind, self._info.subject, child.pid)
        if self._grace_s is not None:
            self._killer = asyncio.create_task(self._stop(child, self._grace_s))
        try:
            log_file = job_log(self._log_file.parent, self._info.id)
            await child.send({"op": "start", "log": str(log_file), "spec": msgspec.to_builtins(self._spec)})
            if self._is_kept:
                await child.send({"op": "keep"})
            return await self._follow(child)
        except PipeError:
            how = await child.ended()
            return None if self._grace_s is not None else self._failure(f"the {self._info.kind} process died: {how}")
        finally:
            if self._killer is not None:
                self._killer.cancel()
            if self._stays and self._grace_s is None:
                self._standing.put(self._info.kind, child)
            else:
                child.kill()
                await child.ended()
            self.over.set()

    async def _follow(self, child: Child) -> Ending | None:
        while True:
            parcel = await child.read()
            kind = parcel.fields.get("type")
            if kind == "report":
                self._take_report(parcel)
            elif kind == "sound":
                self._on_report(msgspec.convert(parcel.fields, SoundReport))
            elif kind == "progress":
                self._on_progress(msgspec.convert(parcel.fields, Progress))
            elif kind == "ended":
                self._stays = bool(parcel.fields.get("stays"))
                if not self._stays:
                    await child.ended()
                return self._ended(parcel)
            elif kind == "failed":
                failed = msgspec.convert(parcel.fields["failure"], Failure)
                # The size of a run is fixed, so a training that ran out of memory needs another hint than an encode.
                is_oom = self._info.kind == "train" and failed.code == "E_OOM"
                hint = OOM_HINT if is_oom else failed.hint
                return self._failure(failed.message, hint, can_resume=failed.can_resume)

    def _take_report(self, parcel: Parcel) -> None:
        report = read_line(parcel.fields["report"])
        if report is None:
            return
        if isinstance(report, StepReport):
            self._step = report.step
            share, detail = progress_of(report), f"step {report.step}"
            self._on_progress(Progress(phase="working", progress=share, detail=detail, eta_s=report.eta_s))
        self._on_report(report)

    def _ended(self, parcel: Parcel) -> Ending | None:
        if parcel.fields["state"] == "stopped":
            return None
        result: dict[str, Any] = parcel.fields["result"]
        if self._info.kind == "ingest" and not result["added"] and not result["duplicates"] and result["errors"]:
            first = result["errors"][0]
            more = f" (and {len(result['errors']) - 1} more)" if len(result["errors"]) > 1 else ""
            error = f"no file could be used: {first['path']}: {first['problem']}{more}"
            return Ending(state="failed", error=error, hint=first["hint"], result=result)
        return Ending(state="done", result=result, detail=parcel.fields.get("detail", ""))

    async def _stop(self, child: Child, grace_s: float) -> None:
        try:
            await child.send({"op": "cancel"})
        except PipeError:
            return
        began_s = time.monotonic()
        await asyncio.sleep(grace_s)
        log.warning("%s did not stop in %.0f s: killed", self._info.id, time.monotonic() - began_s)
        child.kill()

    def _failure(self, error: str, hint: str = "", *, can_resume: bool = True) -> Ending:
        """The ending of a job that failed, with the step at which it failed."""
        where = f"{error.rstrip('.')}, at step {self._step}" if self._step else error
        return failure(self._info.id, self._spec, where, hint, can_resume=can_resume)


def job_log(logs: Path, job: str) -> Path:
    """The log file of a job that has no run folder."""
    return logs / "jobs" / f"{job}.jsonl"

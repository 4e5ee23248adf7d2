"""One run of one job: its child process from start to end, and in which state that leaves the job."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from daemon.jobs.reports import progress_of, read_line
from daemon.runs.folder import RUN_NAME
from daemon.runs.reports import Report, StepReport
from daemon.store.folders import has_learnt
from daemon.supervision.pipe import Parcel, PipeError
from daemon.supervision.process import Child, spawn
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo
from protocol.situations import situation

log = logging.getLogger("allele.jobs")

# In what daemon.training says to do when this run cannot be gone on with.
BEYOND_RESUMING = ("start a new model", "another seed", "choose another name", "train it again")
MODULES = {
    "ingest": "daemon.workers.ingest",
    "train": "daemon.workers.training",
    "atlas": "daemon.workers.atlas",
}


@dataclass(frozen=True)
class Ending:
    """How a run ended: done, failed or stopped (then the queue knows whether somebody cancelled it)."""

    state: str
    error: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    detail: str = ""


class OnProgress(Protocol):
    """Told fields of JobInfo that changed."""

    def __call__(self, **fields: Any) -> None: ...


class JobRun:
    """Starts the child, follows it, and stops it when asked."""

    def __init__(
        self,
        info: JobInfo,
        spec: dict[str, Any],
        log_file: Path,
        *,
        on_progress: OnProgress,
        on_report: Callable[[Report], None],
    ) -> None:
        self._info, self._spec, self._log_file = info, spec, log_file
        self._on_progress, self._on_report = on_progress, on_report
        self._child: Child | None = None
        self._grace_s: float | None = None
        self._killer: asyncio.Task[None] | None = None
        self._is_kept = False
        self._step = 0
        self.over = asyncio.Event()

    def cancel(self, grace_s: float) -> None:
        """Ask the child to stop between two steps; it is killed after the grace period."""
        if self._grace_s is None or grace_s < self._grace_s:
            self._grace_s = grace_s
            if self._killer is not None:
                self._killer.cancel()
            if self._child is not None:
                self._killer = asyncio.create_task(self._stop(self._child, grace_s))

    async def keep(self) -> None:
        """Ask the child to end between two steps with what it has; a child that is not there yet is asked later."""
        self._is_kept = True
        if self._child is not None:
            with contextlib.suppress(PipeError):  # it just ended: go() says how
                await self._child.send({"op": "keep"})

    async def go(self) -> Ending:
        """Run to the end."""
        try:
            child = await spawn(MODULES[self._info.kind], self._log_file)
        except OSError as problem:
            why = situation(problem)
            said = f"no process could be started: {why.message if why else problem}"
            return Ending("failed", said, self._hint(why.hint if why else ""))
        self._child = child
        log.info("%s %s %s: pid %d", self._info.id, self._info.kind, self._info.subject, child.pid)
        if self._grace_s is not None:
            self._killer = asyncio.create_task(self._stop(child, self._grace_s))
        try:
            log_file = job_log(self._log_file.parent, self._info.id)
            await child.send({"op": "start", "log": str(log_file), **self._spec})
            if self._is_kept:
                await child.send({"op": "keep"})
            return await self._follow(child)
        except PipeError:
            how = await child.ended()
            if self._grace_s is not None:
                return Ending("stopped", hint=self._hint())
            return Ending("failed", self._where(f"the {self._info.kind} process died: {how}"), self._hint())
        finally:
            if self._killer is not None:
                self._killer.cancel()
            child.kill()
            await child.ended()
            self.over.set()

    async def _follow(self, child: Child) -> Ending:
        while True:
            parcel = await child.read()
            kind = parcel.fields.get("type")
            if kind == "report":
                self._take_report(parcel)
            elif kind == "progress":
                self._on_progress(progress=parcel.fields["progress"], eta_s=None, detail=parcel.fields["detail"])
            elif kind == "ended":
                await child.ended()
                return self._ended(parcel)
            elif kind == "failed":
                error = parcel.fields["error"]
                return Ending("failed", self._where(error["message"]), self._hint(_mend(self._info.kind, error)))

    def _take_report(self, parcel: Parcel) -> None:
        report = read_line(parcel.fields["report"])
        if report is None:
            return
        if isinstance(report, StepReport):
            self._step = report.step
            self._on_progress(progress=progress_of(report), eta_s=report.eta_s, detail=f"step {report.step}")
        self._on_report(report)

    def _ended(self, parcel: Parcel) -> Ending:
        if parcel.fields["state"] == "stopped":
            return Ending("stopped", hint=self._hint())
        result: dict[str, Any] = parcel.fields["result"]
        if self._info.kind == "ingest" and not result["added"] and not result["duplicates"] and result["errors"]:
            first = result["errors"][0]
            more = f" (and {len(result['errors']) - 1} more)" if len(result["errors"]) > 1 else ""
            error = f"no file could be used: {first['path']}: {first['problem']}{more}"
            return Ending("failed", error, first["mend"], result)
        return Ending("done", result=result, detail=parcel.fields.get("detail", ""))

    async def _stop(self, child: Child, grace_s: float) -> None:
        try:
            await child.send({"op": "cancel"})
        except PipeError:
            return
        began_s = time.monotonic()
        await asyncio.sleep(grace_s)
        log.warning("%s did not stop in %.0f s: killed", self._info.id, time.monotonic() - began_s)
        child.kill()

    def _where(self, message: str) -> str:
        """A failure with the step at which it came."""
        return f"{message.rstrip('.')}, at step {self._step}" if self._step else message

    def _hint(self, mend: str = "") -> str:
        return way_on(mend, self._spec)


def way_on(mend: str, spec: dict[str, Any]) -> str:
    """What to do about how a job ended: the mend, then how to go on, unless the mend asks for another training.

    A run keeps its seed and its audio: resumed, it would end the same way.
    """
    mend = mend.rstrip(".")
    is_over = any(words in mend.lower() for words in BEYOND_RESUMING)
    return "; then: ".join(part for part in (mend, "" if is_over else command_to_go_on(spec)) if part)


def ending_of(problem: Exception, spec: dict[str, Any]) -> Ending:
    """How a job ends when the daemon itself stumbles over it."""
    why = situation(problem) or AlleleError("E_INTERNAL", "a defect of the daemon; its log has the details")
    return Ending("failed", why.message, way_on(why.hint, spec))


def _mend(kind: str, error: dict[str, str]) -> str:
    """A run keeps its size, so what helps an encode does not help a training that ran out of memory."""
    if kind == "train" and error["code"] == "E_OOM":
        return "close other programs; or train a smaller --preset under another name"
    return error["hint"]


def job_log(logs: Path, job: str) -> Path:
    """Where a job without a run folder writes what it says."""
    return logs / "jobs" / f"{job}.jsonl"


def has_begun(spec: dict[str, Any]) -> bool:
    """Whether a training left a run that can be gone on with."""
    run_dir = spec.get("run_dir")
    return run_dir is not None and (Path(run_dir) / RUN_NAME).exists()


def can_be_kept(spec: dict[str, Any]) -> bool:
    """Whether a training without a process left something to make a model of."""
    run_dir = spec.get("run_dir")
    return run_dir is not None and has_learnt(Path(run_dir))


def going_on(spec: dict[str, Any]) -> dict[str, Any]:
    """The same job once more: from where its run is, or from the start when there is none."""
    if "spec" not in spec:
        return spec
    return {**spec, "spec": {**spec["spec"], "resume": has_begun(spec)}}


def command_to_go_on(spec: dict[str, Any]) -> str:
    """What to type to go on from where a job ended: resume when there is a run, otherwise start again."""
    return str(spec.get("resume_hint" if has_begun(spec) else "again_hint", ""))

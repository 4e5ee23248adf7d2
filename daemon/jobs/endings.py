"""How a job ends, and how its work is taken up again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from daemon.jobs.specs import JobSpec, TrainSpec, train_command
from daemon.store.folders import has_learnt, has_run
from protocol.errors import AlleleError
from protocol.situations import situation


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The one terminal state of a job, with what is told about it."""

    state: Literal["done", "failed", "cancelled", "interrupted"]
    error: str = ""
    hint: str = ""
    can_resume: bool = False
    result: dict[str, Any] | None = None
    detail: str = ""


def cut_off(state: Literal["cancelled", "interrupted"], job: str, spec: JobSpec | None, error: str = "") -> Ending:
    """The ending of a job that somebody cancelled or that the daemon's own end interrupted."""
    if spec is None:
        return Ending(state=state, error=error)
    return Ending(state=state, error=error, hint=command_to_continue(job, spec), can_resume=has_work(spec))


def failure(job: str, spec: JobSpec, error: str, hint: str = "", *, can_resume: bool = True) -> Ending:
    """The ending of a job that failed. Its hint is the fix, followed by how to resume, unless that cannot help.

    Args:
        can_resume: False when the job would fail again in the same way.
    """
    command = command_to_continue(job, spec) if can_resume else ""
    whole = "; then: ".join(filter(None, (hint.rstrip("."), command)))
    return Ending(state="failed", error=error, hint=whole, can_resume=can_resume and has_work(spec))


def defect(job: str, spec: JobSpec | None, problem: Exception) -> Ending:
    """The ending of a job that the daemon itself could not run or finish."""
    why = situation(problem) or AlleleError("E_INTERNAL", "a defect of the daemon; its log has the details")
    if spec is None:
        return Ending(state="failed", error=why.message, hint=why.hint)
    return failure(job, spec, why.message, why.hint)


def command_to_continue(job: str, spec: JobSpec) -> str:
    """What to type to take a job up where it ended, or to start it again where it left nothing."""
    if not isinstance(spec, TrainSpec) or not has_begun(spec):
        return spec.command
    return f"allele jobs stop {job}" if spec.is_stopped else train_command(spec.corpus, spec.subject, resume=True)


def has_work(spec: JobSpec) -> bool:
    """Whether the job is a training that left a run to resume."""
    return isinstance(spec, TrainSpec) and not spec.is_stopped and has_begun(spec)


def has_begun(spec: TrainSpec) -> bool:
    """Whether a training has a run in its folder."""
    return has_run(Path(spec.run_dir))


def can_be_stopped(spec: JobSpec | None) -> bool:
    """Whether a training that no process works on left something to make a model of."""
    return isinstance(spec, TrainSpec) and has_learnt(Path(spec.run_dir))


def continued(spec: JobSpec) -> JobSpec:
    """The same job once more: from where its run is, or from the start when there is none."""
    if not isinstance(spec, TrainSpec):
        return spec
    return replace(spec, training=replace(spec.training, resume=has_begun(spec)))

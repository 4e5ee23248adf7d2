"""The ways in which a job ends, and the commands that continue it."""

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
    """The terminal state of a job, and what is reported about it."""

    state: Literal["done", "failed", "cancelled", "interrupted"]
    error: str = ""
    hint: str = ""
    can_resume: bool = False
    result: dict[str, Any] | None = None
    detail: str = ""


def cut_off(state: Literal["cancelled", "interrupted"], job: str, spec: JobSpec | None, error: str = "") -> Ending:
    """The ending of a job that a user cancelled, or that the end of the daemon interrupted."""
    if spec is None:
        return Ending(state=state, error=error)
    return Ending(state=state, error=error, hint=command_to_continue(job, spec), can_resume=has_work(spec))


def failure(job: str, spec: JobSpec, error: str, hint: str = "", *, can_resume: bool = True) -> Ending:
    """The ending of a job that failed. Its hint is the fix, followed by the command to resume if that can help.

    Args:
        can_resume: False if the job would fail again in the same way.
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
    """The command that continues a job from where it ended, or starts it again if it left no run."""
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
    """Whether a training without a process has a checkpoint from which a model can be made."""
    return isinstance(spec, TrainSpec) and has_learnt(Path(spec.run_dir))


def continued(spec: JobSpec) -> JobSpec:
    """The specification to run a job again: from its run if there is one, otherwise from the start."""
    if not isinstance(spec, TrainSpec):
        return spec
    return replace(spec, training=replace(spec.training, resume=has_begun(spec)))

"""Jobs and trainings as lines of text, for the lists of the Train screen. Does no I/O."""

import textwrap
from collections.abc import Iterable
from pathlib import PurePath

from protocol.messages.events import EvaluationCompleted, StepCompleted
from protocol.messages.jobs import JobInfo, JobPhase
from tui.model.training import Training, clock

SOURCE = "source"
LOG_TIME, NARROWEST_LOG = 8, 20  # columns
_KEPT = {
    "train": "what it learned is kept",
    "ingest": "the files that were read are kept",
    "atlas": "the model is as it was",
    "generate": "the sounds that were made are kept",
}
_PHASES: dict[JobPhase, str] = {
    "starting": "starting",
    "pausing": "pausing",
    "resuming": "resuming",
    "cancelling": "cancelling",
    "stopping": "ending, and making the model",
}
_ORDER = {"running": 0, "queued": 1, "paused": 2}


def in_order(jobs: Iterable[JobInfo]) -> list[JobInfo]:
    """Sort jobs: running, queued in their order, paused, then ended, the newest first."""
    return sorted(jobs, key=lambda job: (_ORDER.get(job.state, 3), job.position, -_number(job.id), -job.created_s))


def ordinal(number: int) -> str:
    """Return the ordinal of a number, such as 1st, 2nd, 3rd, 4th or 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def state_words(job: JobInfo) -> str:
    """Describe a job's progress: `2nd in the queue, waits for rain`, `paused`, `pausing`, or its own details."""
    if job.state == "queued":
        return detail_words(job) or job.state
    if job.state == "paused":
        return ", ".join(filter(None, (job.state, detail_words(job))))
    return detail_words(job) or job.state


def detail_words(job: JobInfo) -> str:
    """Return details to show after a job's state."""
    if job.state == "queued":
        place = f"{ordinal(job.position)} in the queue" if job.position else ""
        return ", ".join(filter(None, (place, job.detail)))
    if job.state == "paused":
        return "stopped before its model was made" if job.phase == "stopping" else ""
    return (_PHASES.get(job.phase, "") if job.state == "running" else "") or job.detail


def is_ending(job: JobInfo) -> bool:
    """Return whether a job is ending, pausing or was stopped by a user: then its state is shown, not its measures."""
    return job.phase in ("pausing", "cancelling", "stopping", "stopped")


def ended_words(job: JobInfo) -> str:
    """Describe how an unfinished job ended, and what it left: `cancelled; what it learned is kept`."""
    if job.started_s is None:
        return f"{job.state} before it began"
    return "; ".join(filter(None, (job.state, _KEPT.get(job.kind, ""))))


def cancel_words(job: JobInfo) -> str:
    """Describe what happens when an unfinished job is cancelled now."""
    if job.started_s is None:
        return "cancelled before it began"
    doing = "cancelling" if job.state == "running" else "cancelled"  # a job without a process ends at once
    again = "{train.resume} resumes it" if job.kind == "train" else ""
    return "; ".join(filter(None, (doing, _KEPT.get(job.kind, ""), again)))


def resume_words(job: JobInfo) -> str:
    """Say which key resumes a training, such as `{train.resume} resumes it`; "" when none does."""
    if job.can_resume:
        return "{train.resume} resumes it"
    is_untouched = job.kind == "train" and job.state == "cancelled" and job.started_s is None
    return "{train.resume} starts it" if is_untouched else ""


def job_line(job: JobInfo) -> str:
    """Return one line of the list for a job."""
    line = f"{job.kind:<9}{job.subject[:20]:<21}{job.state:<12}"
    if job.state == "queued":
        return f"{line}{state_words(job)}"
    eta = f"  {clock(job.eta_s)} left" if job.state == "running" and job.eta_s is not None else ""
    detail = job.error or detail_words(job)
    return f"{line}{job.progress * 100:3.0f} %{eta}{f'  {detail}' if detail else ''}"


def progress_words(job: JobInfo, step: StepCompleted) -> str:
    """Return the step, the time spent and the time left."""
    if job.state != "running":
        return f"step {step.step} · {clock(step.elapsed_s)} · {job.state}"
    left = f"so far, {clock(step.eta_s)} left"
    if job.phase == "measuring":
        left = f"trained; {measuring_words([job], job.subject)}"
    elif job.phase == "learning":
        left = f"trained; {job.detail}, {clock(job.eta_s)} left"
    return f"step {step.step} · {clock(step.elapsed_s)} {left}"


def measuring_words(jobs: Iterable[JobInfo], model: str) -> str:
    """Say that the codes of a model are being measured, as in `measuring codes, 1:48 left`; "" when they are not."""
    for job in jobs:
        is_measuring = job.kind == "atlas" or job.phase == "measuring"
        if job.state == "running" and job.subject == model and is_measuring:
            return f"measuring codes, {clock(job.eta_s)} left" if job.eta_s is not None else "measuring codes"
    return ""


def wrapped_log(lines: Iterable[str], width: int) -> list[str]:
    """Wrap log lines to a width in columns; continuations are indented to the text after the time."""
    indent = " " * LOG_TIME
    room = max(width, LOG_TIME + NARROWEST_LOG)
    return [row for line in lines for row in textwrap.wrap(line, room, subsequent_indent=indent) or [line]]


def preview_name(evaluation: EvaluationCompleted) -> str:
    """Return the name of an evaluation's preview, as PlayPreview expects it."""
    return PurePath(evaluation.preview).stem


def preview_file(training: Training, name: str) -> str:
    """Return the path of a preview's file on the daemon's machine."""
    for evaluation in training.previews:
        if name == SOURCE and evaluation.source:
            return evaluation.source
        if preview_name(evaluation) == name:
            return evaluation.preview
    return ""


def preview_lines(training: Training, playing: str | None) -> list[tuple[str, str]]:
    """Return (line, name) of the recording and every evaluation, newest first, with a mark on the one that plays."""
    if not training.previews:
        return []
    lines = [("the recording itself", SOURCE)]
    for evaluation in training.previews:
        name = preview_name(evaluation)
        what = "final" if name == "final" else f"{evaluation.step}"
        numbers = " ".join(
            f"{value:6.3f}" if value is not None else "     -"
            for value in (evaluation.held_out.get("mel"), evaluation.train.get("mel"))
        )
        standing = " kept" if name == "final" else " best" if evaluation.is_best else ""
        lines.append((f"{what:<7}{clock(evaluation.elapsed_s):>7} {numbers}{standing}", name))
    return [(f"{line}{' plays' if name == playing else ''}", name) for line, name in lines]


def _number(job: str) -> int:
    """Return the number in a job's id. It orders jobs by creation even if the system clock was set back."""
    digits = job.removeprefix("j")
    return int(digits) if digits.isdecimal() else 0

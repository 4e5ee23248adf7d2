"""Requests about jobs, including trainings, and their replies."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from protocol.messages.fields import Id, Name, Request, Struct
from protocol.training import TrainingOptions

JobKind = Literal["ingest", "train", "atlas", "generate"]
JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled", "interrupted"]
JobPhase = Literal[
    "idle", "starting", "working", "measuring", "learning", "pausing", "resuming", "cancelling", "stopping", "stopped"
]


class JobAccepted(Struct, frozen=True, kw_only=True):
    """A job was queued. job: its id. JobChanged events report its progress."""

    job: Id


class StartTraining(Request[JobAccepted], frozen=True, kw_only=True):
    """Train a codec on a corpus as a job. The model's name must be new, unless `resume` continues its training.

    A training that is resumed must name the corpus that it began with.
    """

    corpus: Name
    model: Name
    options: TrainingOptions = TrainingOptions()
    resume: bool = False


class JobInfo(Struct, frozen=True, kw_only=True):
    """One job. subject: its corpus or model. progress: 0..1. result: what the command line prints with --json.

    phase: what the job is doing. idle: it waits, is paused or has ended; starting: its process starts; working: it
    reads files, trains, measures an atlas or makes sounds; measuring: it measures the atlas of the trained model;
    learning: it trains the prior of the trained model; pausing, resuming (while it was pausing), cancelling: its
    process ends at the next step; stopping: a user ended the training and its model is being written; stopped: the
    model is written.
    can_resume: ResumeJob can continue this training.
    detail: details as text. error, hint: why it failed and what to do about it.
    position: its place in the queue; 1 is next, 0 if it does not wait.
    """

    id: Id
    kind: JobKind
    subject: str
    state: JobState
    phase: JobPhase = "idle"
    can_resume: bool = False
    progress: float = 0.0
    eta_s: float | None = None
    created_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    detail: str = ""
    error: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    position: int = 0

    @property
    def is_active(self) -> bool:
        """Whether the job is running or queued."""
        return self.state in ("queued", "running")

    @property
    def is_open(self) -> bool:
        """Whether the job has not ended: it is running, queued or paused."""
        return self.is_active or self.state == "paused"


class Jobs(Struct, frozen=True, kw_only=True):
    """The reply to ListJobs."""

    jobs: list[JobInfo]


class ListJobs(Request[Jobs], frozen=True, kw_only=True):
    """List all jobs, newest first."""


class ShowJob(Request[JobInfo], frozen=True, kw_only=True):
    """Describe one job by its id."""

    job: Id


class CancelJob(Request[JobInfo], frozen=True, kw_only=True):
    """Cancel a job. The reply is immediate; an event reports its end. Cancelling a finished job is not an error.

    Until the job has ended, pausing, resuming or stopping it is E_BAD_REQUEST.
    """

    job: Id


class PauseJob(Request[JobInfo], frozen=True, kw_only=True):
    """Pause a training: it writes a checkpoint and its process ends, so that the next job in the queue can start.

    A queued job loses its place. Pausing a paused job is not an error. Paused jobs are kept when the daemon stops.
    """

    job: Id


class ResumeJob(Request[JobInfo], frozen=True, kw_only=True):
    """Resume a paused job, which becomes the next in the queue, or a training that failed or was cut short.

    A training that has failed, was cancelled or was interrupted continues as a new job on the same run. The reply
    contains the id of the new job.
    """

    job: Id


class StopJob(Request[JobInfo], frozen=True, kw_only=True):
    """End a training now and write the model that it has learned. The reply is immediate; an event reports the end.

    For a training that is paused, or that ended without a model, the model is written from its last checkpoint.
    E_BAD_REQUEST if there is no checkpoint.
    """

    job: Id


class MoveJob(Request[JobInfo], frozen=True, kw_only=True):
    """Move a queued job to another place in the queue. 1 is next; a place beyond the end is the end."""

    job: Id
    position: Annotated[int, Meta(ge=1, le=1_000_000)]


class JobLog(Struct, frozen=True, kw_only=True):
    """Entries of a job's log, each {"type": event name, …its fields}. Repeat with after=next until none is left."""

    entries: list[dict[str, Any]]
    next: int


class GetJobLog(Request[JobLog], frozen=True, kw_only=True):
    """Read at most 1000 entries of a job's log, from number `after` on. They have the fields of the events."""

    job: Id
    after: int = 0

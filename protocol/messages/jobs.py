"""Requests about jobs, trainings among them, and their replies."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from protocol.messages.fields import Id, Name, Request, Struct
from protocol.training import TrainingOptions

JobKind = Literal["ingest", "train", "atlas"]
JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled", "interrupted"]
JobPhase = Literal[
    "idle", "starting", "working", "measuring", "pausing", "resuming", "cancelling", "stopping", "stopped"
]


class JobAccepted(Struct, frozen=True, kw_only=True):
    """The job's id; JobChanged events follow."""

    job: Id


class StartTraining(Request[JobAccepted], frozen=True, kw_only=True):
    """Train a codec on a corpus as a job, under a new name unless `resume` (then on the corpus it began with)."""

    corpus: Name
    model: Name
    options: TrainingOptions = TrainingOptions()
    resume: bool = False


class JobInfo(Struct, frozen=True, kw_only=True):
    """One job. subject: the corpus or model. progress 0..1. result: what the command line prints with --json.

    phase: what the job is at. idle: it waits, is paused or has ended; starting: its process starts; working: it reads
    files, trains or measures an atlas; measuring: the atlas of a model that is trained; pausing, resuming (it was
    pausing), cancelling: the process ends at its next step; stopping: a person ended the training and its model is
    still to be made; stopped: it is made.
    can_resume: ResumeJob takes the work of this training up where it was left.
    detail: details in words. error, hint: why it failed and what to do about it.
    position: its place among the queued, 1 is next, 0 when it does not wait.
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
        """Whether it runs or waits for its turn."""
        return self.state in ("queued", "running")

    @property
    def is_open(self) -> bool:
        """Whether it has not ended: it runs, waits or is paused."""
        return self.is_active or self.state == "paused"


class Jobs(Struct, frozen=True, kw_only=True):
    """Answer to ListJobs."""

    jobs: list[JobInfo]


class ListJobs(Request[Jobs], frozen=True, kw_only=True):
    """All jobs, newest first."""


class ShowJob(Request[JobInfo], frozen=True, kw_only=True):
    """One job."""

    job: Id


class CancelJob(Request[JobInfo], frozen=True, kw_only=True):
    """Cancel a job; answered at once, the state follows as an event. Cancelling a finished job is no error.

    Until it has ended, pausing, resuming or stopping it is E_BAD_REQUEST.
    """

    job: Id


class PauseJob(Request[JobInfo], frozen=True, kw_only=True):
    """Put a training aside: it keeps a checkpoint and ends its process, and what waits behind it may begin.

    A queued job loses its place. Pausing what is paused is no error. A paused job outlives the daemon.
    """

    job: Id


class ResumeJob(Request[JobInfo], frozen=True, kw_only=True):
    """Go on with a paused job, next in the queue; or with a training that failed, was cancelled or interrupted.

    The latter is a new job on the same run (the reply has its id), because a job ends once.
    """

    job: Id


class StopJob(Request[JobInfo], frozen=True, kw_only=True):
    """End a training now and make the model of what it learnt; answered at once, the end follows as an event.

    A training that is paused, or ended without a model, makes it of its last checkpoint; E_BAD_REQUEST without one.
    """

    job: Id


class MoveJob(Request[JobInfo], frozen=True, kw_only=True):
    """Give a queued job another place; 1 is next, a place beyond the end is the end."""

    job: Id
    position: Annotated[int, Meta(ge=1, le=1_000_000)]


class JobLog(Struct, frozen=True, kw_only=True):
    """Each entry is {"type": event name, …its fields}; ask again with after=next until none comes."""

    entries: list[dict[str, Any]]
    next: int


class GetJobLog(Request[JobLog], frozen=True, kw_only=True):
    """Entries of a job's log from number `after` on (at most 1000): the same bodies as the events."""

    job: Id
    after: int = 0

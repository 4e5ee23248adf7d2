"""Requests about jobs, trainings among them, and their replies."""

from typing import Annotated, Any

from msgspec import Meta

from protocol.messages.fields import Id, Name, Request, Struct


class JobAccepted(Struct, frozen=True, kw_only=True):
    """The job's id; JobChanged events follow."""

    job: Id


class StartTraining(Request[JobAccepted], frozen=True, kw_only=True):
    """Train a codec on a corpus as a job, under a new name unless `resume` (then on the corpus it began with).

    Either a wall-clock budget in seconds or a number of steps; neither: ten minutes. A budget is ended early when the
    held-out error stays. preset: auto is small, and base on a GPU with more than five minutes of audio and of time.
    levels: None is 10, in stereo 13. codebook: None is by the amount of audio. channels: 1 or 2, None for 2 where most
    of the corpus is stereo.
    adversarial: the last part of the run is against an adversary, with the codes frozen.
    """

    corpus: Name
    model: Name
    budget_s: Annotated[float, Meta(gt=0, le=30 * 86400)] | None = None
    steps: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    preset: str = "auto"
    levels: Annotated[int, Meta(ge=1, le=32)] | None = None
    codebook: Annotated[int, Meta(ge=2, le=65_536)] | None = None
    channels: Annotated[int, Meta(ge=1, le=2)] | None = None
    adversarial: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    resume: bool = False


class JobInfo(Struct, frozen=True, kw_only=True):
    """One job. kind: ingest, train or atlas. state: queued, running, paused, done, failed, cancelled or interrupted.

    subject: the corpus or model. progress 0..1. result: what the command line prints with --json.
    position: its place among the queued, 1 is next, 0 when it does not wait.
    """

    id: Id
    kind: str
    subject: str
    state: str
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

"""What the keys of the Train screen do to jobs: cancel, pause, resume, stop and move them."""

from typing import TYPE_CHECKING

from protocol.messages.fields import Request
from protocol.messages.jobs import CancelJob, JobInfo, MoveJob, PauseJob, ResumeJob, StopJob
from tui.actions.press import Handlers, Press
from tui.model.job_words import cancel_words

if TYPE_CHECKING:
    from tui.screens.train import TrainScreen


class JobActions:
    """Carries out the actions on the chosen job."""

    def __init__(self, screen: "TrainScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Which function carries out which action."""
        return {
            "train.cancel": self._cancel,
            "train.pause": self._pause,
            "train.resume": self._resume,
            "train.stop": self._stop,
            "train.sooner": lambda press: self._move(-press.times),
            "train.later": lambda press: self._move(press.times),
        }

    def _cancel(self, press: Press) -> None:
        job = self._screen.job
        if job is not None:
            self._confirm(f"cancel {job.kind} {job.subject}?", CancelJob(job=job.id), cancel_words(job))

    def _pause(self, press: Press) -> None:
        if self._screen.job is not None:
            self._screen.spawn(self._ask(PauseJob(job=self._screen.job.id), self._pausing(self._screen.job)))

    @staticmethod
    def _pausing(job: JobInfo) -> str:
        when = "put aside" if job.state == "queued" else "pausing at the next step"
        return f"{when}; {{train.resume}} goes on"

    def _resume(self, press: Press) -> None:
        if self._screen.job is not None:
            began = self._screen.job.started_s is not None
            said = "it goes on from its last checkpoint" if began else "it waits in the queue again"
            self._screen.spawn(self._ask(ResumeJob(job=self._screen.job.id), said))

    def _stop(self, press: Press) -> None:
        job = self._screen.job
        if job is not None:
            ending = "ending; the model is made of what was learnt"
            said = ending if job.state == "running" else "a model is made of what was learnt, when its turn comes"
            self._confirm(f"end {job.subject} here and keep its model for good?", StopJob(job=job.id), said)

    def _move(self, by: int) -> None:
        if self._screen.job is not None:
            self._screen.spawn(
                self._ask(MoveJob(job=self._screen.job.id, position=max(1, self._screen.job.position + by)), "")
            )

    def _confirm(self, question: str, request: Request[JobInfo], said: str) -> None:
        def answered(text: str) -> None:
            if text.strip().lower() in ("y", "yes"):
                self._screen.spawn(self._ask(request, said))

        self._screen.prompt.ask(f"{question} y or n: ", answered)

    async def _ask(self, request: Request[JobInfo], said: str) -> None:
        job: JobInfo = (await self._screen.session.ask(request)).body
        if job.id != self._screen.allele.job and isinstance(request, ResumeJob | StopJob):
            self._screen.allele.follow(job.id)  # it goes on under another number
        if said:
            self._screen.say(said)

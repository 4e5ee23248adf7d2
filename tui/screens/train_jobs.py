"""The actions of the Train screen on jobs: cancel, pause, resume, stop and move them."""

from typing import TYPE_CHECKING

from protocol.messages.fields import Request
from protocol.messages.jobs import CancelJob, JobInfo, MoveJob, PauseJob, ResumeJob, StopJob
from tui.actions.press import Handlers, Press
from tui.model.answers import is_yes
from tui.model.job_words import cancel_words
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.screens.train import TrainScreen


class JobActions:
    """Runs the actions on the chosen job."""

    def __init__(self, screen: "TrainScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on jobs."""
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
        state = "paused" if job.state == "queued" else "pausing at the next step"
        return f"{state}; {{train.resume}} resumes it"

    def _resume(self, press: Press) -> None:
        if self._screen.job is not None:
            began = self._screen.job.started_s is not None
            sentence = "it resumes from its last checkpoint" if began else "it waits in the queue again"
            self._screen.spawn(self._ask(ResumeJob(job=self._screen.job.id), sentence))

    def _stop(self, press: Press) -> None:
        job = self._screen.job
        if job is not None:
            ending = "ending; a model of what was learned is made"
            sentence = ending if job.state == "running" else "when its turn comes, a model of what was learned is made"
            self._confirm(f"end {job.subject} now and keep its model?", StopJob(job=job.id), sentence)

    def _move(self, by: int) -> None:
        if self._screen.job is not None:
            self._screen.spawn(
                self._ask(MoveJob(job=self._screen.job.id, position=max(1, self._screen.job.position + by)), "")
            )

    def _confirm(self, question: str, request: Request[JobInfo], sentence: str) -> None:
        def answered(text: str) -> Work | None:
            return self._ask(request, sentence) if is_yes(text) else None

        self._screen.prompt.ask(f"{question} y or n: ", answered)

    async def _ask(self, request: Request[JobInfo], sentence: str) -> None:
        job: JobInfo = (await self._screen.session.ask(request)).body
        if job.id != self._screen.allele.job and isinstance(request, ResumeJob | StopJob):
            self._screen.allele.follow(job.id)  # the resumed job has another number
        if sentence:
            self._screen.say(sentence)

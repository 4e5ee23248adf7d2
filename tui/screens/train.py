"""The train screen: jobs, the curve, codebook health, and the log of the job that is chosen.

It follows a job from the start of its log, so it may come late, leave and return. Everything drawn is also written.
"""

import time

from textual.app import ComposeResult
from textual.containers import Horizontal

from protocol import messages as m
from tui.actions.situation import Situation
from tui.model.training import Training, advice_of, clock
from tui.screens.base import BaseScreen
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine
from tui.widgets.rows import Row, Rows
from tui.widgets.training import CurvePlot, Health

RUNNING = ("queued", "running")
QUIET_S = 2.0


class TrainScreen(BaseScreen):
    """What the daemon works on."""

    NAME = "train"
    TITLE_WORDS = "Train"

    def __init__(self) -> None:
        super().__init__()
        self.jobs, self.facts = Rows("jobs"), TextLine("facts")
        self.curve, self.health, self.log_rows = CurvePlot("curve"), Health("health"), Rows("log")

    def compose_body(self) -> ComposeResult:
        yield self.jobs
        yield self.facts
        with Horizontal(id="measures"):
            yield self.curve
            yield self.health
        yield self.log_rows

    def on_mount(self) -> None:
        self.log_rows.activate(False)
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        """A second passed without news, perhaps: say how long, so that a slow evaluation looks alive."""
        if self.is_current:
            self.facts.show(fact_parts(self.job, self.training))

    @property
    def job(self) -> m.JobInfo | None:
        """The job that is chosen."""
        return self.session.jobs.get(self.allele.job or "")

    @property
    def training(self) -> Training | None:
        return self.session.trainings.get(self.allele.job or "")

    def situation(self) -> Situation:
        job = self.job
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            screen=self.NAME,
            job=job is not None,
            job_running=job is not None and job.state in RUNNING,
        )

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        if not self.is_mounted:
            return
        jobs = sorted(self.session.jobs.values(), key=lambda job: job.created_s, reverse=True)
        if self.allele.job is None and jobs:
            self.allele.job = next((job.id for job in jobs if job.state in RUNNING), jobs[0].id)
        self.jobs.fill(
            [Row(job_words(job), job.id) for job in jobs] or [Row("no job yet: t on a corpus of the library")]
        )
        if self.allele.job is not None:
            self.jobs.go(self.allele.job)
            if self.allele.job not in self.session.trainings and self.session.connected:
                self.session.trainings[self.allele.job] = Training(self.allele.job)
                self.spawn(self.session.follow(self.allele.job))
        self.draw_training()
        super().draw()

    def draw_training(self) -> None:
        """Only what a step or an evaluation changes."""
        training, job = self.training, self.job
        self.facts.show(fact_parts(job, training))
        self.curve.show(training)
        self.health.show(training)
        lines = list(training.lines) if training else []
        if job is not None and job.error:
            lines.append(f"        {job.error}{f' ({job.hint})' if job.hint else ''}")
        self.log_rows.fill([Row(text, i) for i, text in enumerate(lines)])
        self.log_rows.step(10_000)

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "training":
            if key == self.allele.job and self.is_mounted:
                self.draw_training()
        elif topic in ("jobs", "state", "sound", "corpora", "models"):
            self.draw()

    def bottom_words(self) -> list[Part]:
        if self.allele.notice:
            return [(f" {self.allele.notice}", BOLD)]
        evaluation = self.training.evaluation if self.training else None
        if evaluation is not None:
            sick = [(level, word) for level, word in enumerate(evaluation.health) if word != "healthy"]
            if not sick:
                return [(f" every level is healthy. {evaluation.advice}", PLAIN)]
            level, word = sick[0]
            advice = evaluation.advice or advice_of(word)
            return [(f" level {level} is {word}: {advice}", BOLD)]
        return [(f" {self.job.detail}" if self.job and self.job.detail else "", PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("train.cancel", "cancel"),
            ("list.down list.up", "choose a job"),
            ("train.edit", "editor"),
            ("go.library", "library"),
            ("app.help", "help"),
        ]

    # --- actions -----------------------------------------------------------------------------------------

    def _step(self, by: int) -> None:
        self.jobs.step(by)
        key = self.jobs.current
        if isinstance(key, str):
            self.allele.follow(key)
        self.draw()

    def do_list_down(self, count: int | None, register: str | None) -> None:
        self._step(count or 1)

    def do_list_up(self, count: int | None, register: str | None) -> None:
        self._step(-(count or 1))

    def do_list_page_down(self, count: int | None, register: str | None) -> None:
        self._step(self.jobs.size.height)

    def do_list_page_up(self, count: int | None, register: str | None) -> None:
        self._step(-self.jobs.size.height)

    def do_list_first(self, count: int | None, register: str | None) -> None:
        self._step(-10_000)

    def do_list_last(self, count: int | None, register: str | None) -> None:
        self._step(10_000)

    def do_train_cancel(self, count: int | None, register: str | None) -> None:
        job = self.job
        if job is not None:
            self.prompt.ask(f"cancel {job.kind} {job.subject}? y or n: ", lambda text: self._cancel(job.id, text))

    def _cancel(self, job: str, answer: str) -> None:
        if answer.strip().lower() in ("y", "yes"):
            self.spawn(self._send_cancel(job))

    async def _send_cancel(self, job: str) -> None:
        await self.session.ask(m.CancelJob(job=job))
        self.say("cancelling; what was learnt so far is kept and can be resumed")

    def do_train_edit(self, count: int | None, register: str | None) -> None:
        self.allele.go("editor")


def job_words(job: m.JobInfo) -> str:
    """A job in a line."""
    eta = f"  {clock(job.eta_s)} left" if job.state == "running" and job.eta_s is not None else ""
    detail = f"  {job.error or job.detail}" if job.error or job.detail else ""
    return f"{job.kind:<7}{job.subject:<18}{job.state:<12}{job.progress * 100:3.0f} %{eta}{detail}"


def fact_parts(job: m.JobInfo | None, training: Training | None) -> list[Part]:
    """Step, speed, memory and time left."""
    if job is None:
        return []
    step = training.step if training else None
    if step is None:
        waiting = job.state
        if job.state in RUNNING:
            waiting = f"since {clock(time.time() - (job.started_s or job.created_s))}"
        return [(f" {job.kind} {job.subject} {waiting}", DIM)]
    left = clock(step.eta_s) if job.state in RUNNING else job.state
    facts = [
        f"step {step.step}",
        f"{step.examples_per_s:.1f} examples/s",
        f"{clock(step.elapsed_s)} so far, {left} left" if job.state in RUNNING else f"{clock(step.elapsed_s)}, {left}",
        f"{step.memory_mb:.0f} MB",
        f"gradient {step.gradient_norm:.2f}",
    ]
    silent_s = time.monotonic() - training.heard_s if training else 0.0
    if job.state in RUNNING and silent_s > QUIET_S:
        facts.append(f"busy for {clock(silent_s)}")
    return [(" " + " · ".join(facts), PLAIN)]

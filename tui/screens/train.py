"""The Train screen: the queue of jobs, and of the chosen one the curves, the codebooks, what can be heard, and the log.

It follows a job from the start of its log, so it may come late, leave and return. Everything drawn is also written.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from protocol.messages.fields import Struct
from protocol.messages.jobs import CancelJob, JobInfo, MoveJob, PauseJob, ResumeJob, StopJob
from tui.actions.situation import Situation
from tui.model.job_words import (
    SOURCE,
    can_go_on,
    cancel_words,
    in_order,
    job_line,
    preview_file,
    preview_lines,
    state_words,
    wrapped_log,
)
from tui.model.measures import health_words, loss_words
from tui.model.training import Training
from tui.screens.lists import FAR, ListScreen
from tui.widgets.lines import BOLD, PLAIN, Part, TextLine
from tui.widgets.rows import Row, Rows
from tui.widgets.training import CurvePlot, Health, fact_parts

RUNNING = ("queued", "running")
OPEN = (*RUNNING, "paused")
TALL = 34


class TrainScreen(ListScreen):
    """What the daemon works on."""

    NAME = "train"
    TITLE_WORDS = "Train"

    def __init__(self) -> None:
        super().__init__()
        self.jobs, self.previews, self.log_rows = Rows("jobs"), Rows("previews"), Rows("log")
        self.facts, self.losses = TextLine("facts"), TextLine("losses")
        self.curve, self.health = CurvePlot("curve"), Health("health")
        self._compared = ""  # the evaluation that the recording is compared with

    def compose_body(self) -> ComposeResult:
        yield self.jobs
        yield self.facts
        yield self.losses
        with Horizontal(id="measures"):
            yield self.curve
            yield self.health
        with Horizontal(id="heard"):
            yield self.previews
            yield self.log_rows

    def on_mount(self) -> None:
        self.previews.activate(False)
        self.log_rows.activate(False)
        self.set_interval(1.0, self._tick)

    def _fit(self, size: Size) -> None:
        super()._fit(size)
        self.set_class(size.height >= TALL, "tall")

    def _tick(self) -> None:
        """A second passed without news, perhaps: say how long, so that a slow evaluation looks alive."""
        if self.is_current:
            self.facts.show(*fact_parts(self.job, self.training))

    @property
    def job(self) -> JobInfo | None:
        """The job that is chosen."""
        return self.session.jobs.get(self.allele.job or "")

    @property
    def training(self) -> Training | None:
        return self.session.trainings.get(self.allele.job or "")

    @property
    def preview(self) -> str:
        """The evaluation that is chosen, by its preview's name; "" when there is none."""
        return self.previews.current if isinstance(self.previews.current, str) else ""

    def situation(self) -> Situation:
        job, silence = self.job, self.allele.sound.silence
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            job_running=job is not None and job.state in OPEN,
            job_kind=job.kind if job else "",
            job_state=("pausing" if job.detail == "pausing" else job.state) if job else "",
            preview=bool(self.preview),
            sound=f"{silence}; {{list.other}} shows the file of an evaluation" if silence else "",
        )

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        if not self.is_mounted:
            return
        jobs = in_order(self.session.jobs.values())
        if self.allele.job is None and jobs:
            self.allele.job = jobs[0].id
        nothing = self.keymap.fill("no job yet: {library.train} on a corpus of the library ({go.library})")
        self.jobs.fill([Row(job_line(job), job.id) for job in jobs] or [Row(nothing)])
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
        for widget in (self.curve, self.health, self.previews):
            widget.display = job is None or job.kind == "train"  # a reading of files has none of these
        self.facts.show(*fact_parts(job, training))
        step = training.step if training else None
        self.losses.show([(f" {loss_words(step.losses)}", PLAIN)] if step else "")
        self.curve.show(training)
        self.health.show(training)
        self._draw_previews()
        lines = list(training.lines) if training else []
        if job is not None and job.error:
            lines.append(f"        {job.error}{f' ({job.hint})' if job.hint else ''}")
        room = self.log_rows.size.width - len("> ")
        log = wrapped_log(lines, room)
        self.log_rows.fill([Row(" LOG", heading=True), *(Row(text, i) for i, text in enumerate(log))])
        self.log_rows.step(FAR)

    def _draw_previews(self) -> None:
        training, playing = self.training, self.allele.sound.preview
        heard = playing[1] if playing is not None and playing[0] == self.allele.job else None
        lines = preview_lines(training, heard) if training else []
        head = f" LISTEN {'at':>7}  {'held':>6} {'learnt':>6}" if lines else " LISTEN: after the first evaluation"
        was = self.preview
        self.previews.fill([Row(head, heading=True), *(Row(text, name) for text, name in lines)])
        if not was and len(lines) > 1:
            self.previews.go(lines[1][1])  # the newest, not the recording
        if not lines and self.previews.active:
            self.do_list_other(None, None)

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "training":
            if key == self.allele.job and self.is_mounted:
                self.draw_training()
                self.draw_bottom()
        elif topic == "playhead":
            if self.is_mounted:
                self._draw_previews()
        elif topic in ("jobs", "state", "sound", "corpora", "models"):
            self.draw()

    def bottom_words(self) -> list[Part]:
        job, training = self.job, self.training
        if self.allele.notice:
            return [(f" {self.allele.notice}", BOLD)]
        if job is None:
            return []
        if self.previews.active and training is not None:
            return [(f" {preview_file(training, self.preview)}", PLAIN)]
        if job.error:
            again = "; {train.resume} goes on with it" if can_go_on(job) else ""
            return [(f" {job.error.rstrip('.')}{again}", BOLD)]
        if job.state in ("queued", "paused", "cancelled", "interrupted"):
            more = ": {train.resume} goes on with it" if job.kind == "train" and job.state != "queued" else ""
            return [(f" {state_words(job) if job.state == 'queued' else job.state}{more}", BOLD)]
        is_ending = job.detail.startswith(("stopped", "ending", "pausing", "cancelling"))
        if training is not None and training.evaluation is not None and not is_ending:
            words = health_words(training.evaluation)
            return [(f" {words}", PLAIN if "healthy" in words else BOLD)]
        return [(f" {job.detail}" if job.detail else "", PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("preview.play", "play"),
            ("preview.compare", "A/B"),
            ("train.pause", "pause"),
            ("train.resume", "go on"),
            ("train.stop", "stop, keep"),
            ("train.cancel", "cancel"),
            ("list.other", "lists"),
            ("app.help", "help"),
        ]

    # --- lists -------------------------------------------------------------------------------------------

    @property
    def list_in_use(self) -> Rows:
        return self.previews if self.previews.active else self.jobs

    def list_moved(self) -> None:
        key = self.jobs.current
        if self.jobs.active and isinstance(key, str) and key != self.allele.job:
            self.allele.follow(key)
        self.draw()

    def do_list_other(self, count: int | None, register: str | None) -> None:
        to_previews = self.jobs.active and bool(self.preview)
        self.jobs.activate(not to_previews)
        self.previews.activate(to_previews)
        self.draw_bottom()

    # --- the job -----------------------------------------------------------------------------------------

    def do_train_cancel(self, count: int | None, register: str | None) -> None:
        job = self.job
        if job is not None:
            self._confirm(f"cancel {job.kind} {job.subject}?", CancelJob(job=job.id), cancel_words(job))

    def do_train_pause(self, count: int | None, register: str | None) -> None:
        if self.job is not None:
            self.spawn(self._ask(PauseJob(job=self.job.id), self._pausing(self.job)))

    @staticmethod
    def _pausing(job: JobInfo) -> str:
        when = "put aside" if job.state == "queued" else "pausing at the next step"
        return f"{when}; {{train.resume}} goes on"

    def do_train_resume(self, count: int | None, register: str | None) -> None:
        if self.job is not None:
            began = self.job.started_s is not None
            said = "it goes on from its last checkpoint" if began else "it waits in the queue again"
            self.spawn(self._ask(ResumeJob(job=self.job.id), said))

    def do_train_stop(self, count: int | None, register: str | None) -> None:
        job = self.job
        if job is not None:
            ending = "ending; the model is made of what was learnt"
            said = ending if job.state == "running" else "a model is made of what was learnt, when its turn comes"
            self._confirm(f"end {job.subject} here and keep its model for good?", StopJob(job=job.id), said)

    def do_train_sooner(self, count: int | None, register: str | None) -> None:
        self._move(-(count or 1))

    def do_train_later(self, count: int | None, register: str | None) -> None:
        self._move(count or 1)

    def _move(self, by: int) -> None:
        if self.job is not None:
            self.spawn(self._ask(MoveJob(job=self.job.id, position=max(1, self.job.position + by)), ""))

    def _confirm(self, question: str, request: Struct, said: str) -> None:
        def answered(text: str) -> None:
            if text.strip().lower() in ("y", "yes"):
                self.spawn(self._ask(request, said))

        self.prompt.ask(f"{question} y or n: ", answered)

    async def _ask(self, request: Struct, said: str) -> None:
        job: JobInfo = (await self.session.ask(request)).body
        if job.id != self.allele.job and isinstance(request, ResumeJob | StopJob):
            self.allele.follow(job.id)  # it goes on under another number
        if said:
            self.say(said)

    # --- what can be heard -------------------------------------------------------------------------------

    def do_preview_play(self, count: int | None, register: str | None) -> None:
        sound = self.allele.sound
        if sound.preview is not None:
            self.spawn(sound.stop())
        elif self.allele.job is not None:
            self.spawn(self._play(self.preview))

    def do_preview_compare(self, count: int | None, register: str | None) -> None:
        """From the recording to the evaluation or back, where the sound is."""
        sound = self.allele.sound
        heard = sound.preview[1] if sound.preview is not None else SOURCE
        chosen = self.preview if self.preview != SOURCE else ""
        self._compared = chosen or self._compared or self._newest()
        to = self._compared if heard == SOURCE else SOURCE
        self.spawn(self._play(to, sample=sound.heard_sample if sound.preview is not None else 0, loop=True))

    def _newest(self) -> str:
        names = [row.key for row in self.previews.rows if isinstance(row.key, str) and row.key != SOURCE]
        return names[0] if names else SOURCE

    async def _play(self, name: str, *, sample: int = 0, loop: bool = False) -> None:
        job = self.allele.job or ""
        started = await self.allele.sound.play_preview(job, name, sample=sample, loop=loop)
        louder = f", {started.gain_db:+.1f} dB to be as loud as the recording" if started.gain_db else ""
        self.say(f"{'the recording' if name == SOURCE else name}, {started.seconds:.1f} s{louder}")

    def do_train_edit(self, count: int | None, register: str | None) -> None:
        self.allele.go("editor")

"""The Train screen: the queue of jobs, and the curves, codebook health, previews and log of the chosen one.

It reads a job's log from the start, so it can be opened at any time. Everything that is drawn is also shown as numbers.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from tui.actions.situation import Situation
from tui.model.job_words import (
    SOURCE,
    in_order,
    is_ending,
    job_line,
    measuring_words,
    preview_file,
    preview_lines,
    resume_words,
    state_words,
    wrapped_log,
)
from tui.model.measures import health_words, loss_words, sick_words
from tui.model.prior_words import novelty_words, prior_preview_file, prior_preview_lines
from tui.model.training import Training
from tui.screens.base import BaseScreen
from tui.screens.lists import FAR, ListKeys
from tui.screens.train_jobs import JobActions
from tui.screens.train_parts import TrainParts
from tui.screens.train_previews import PreviewActions
from tui.widgets.lines import BOLD, PLAIN, Part, TextLine
from tui.widgets.prior_levels import PriorLevels
from tui.widgets.rows import Row, Rows
from tui.widgets.training import CurvePlot, Health, fact_parts

TALL = 34


class TrainScreen(BaseScreen):
    """The screen of jobs and trainings."""

    NAME = "train"
    TITLE_WORDS = "Train"

    def __init__(self) -> None:
        super().__init__()
        self.jobs, self.previews, self.log_rows = Rows("jobs"), Rows("previews"), Rows("log")
        self.list_moved = self._activate
        self.facts, self.losses = TextLine("facts"), TextLine("losses")
        self.curve, self.health, self.bits = CurvePlot("curve"), Health("health"), PriorLevels("bits")
        self.parts = TrainParts(self)
        self.handlers = {
            **ListKeys(lambda: self.previews if self.previews.active else self.jobs, self._list_moved).handlers(),
            **JobActions(self).handlers(),
            **PreviewActions(self).handlers(),
            **self.parts.handlers(),
            "list.other": lambda _: self._to_other_list(),
            "train.edit": lambda _: self.spawn(self._edit()),
        }

    def compose_body(self) -> ComposeResult:
        yield self.jobs
        yield self.facts
        yield self.losses
        with Horizontal(id="measures"):
            yield self.curve
            yield self.health
            yield self.bits
        with Horizontal(id="heard"):
            yield self.previews
            yield self.log_rows

    def on_mount(self) -> None:
        self.previews.activate(False)
        self.log_rows.activate(False)
        self.set_interval(1.0, self._tick)

    def fit(self, size: Size) -> None:
        super().fit(size)
        self.set_class(size.height >= TALL, "tall")

    def _tick(self) -> None:
        """Update the time since the last report every second, so that a slow evaluation shows progress."""
        if self.is_current:
            self.facts.show(*fact_parts(self.job, self.training))

    @property
    def job(self) -> JobInfo | None:
        """The job that is chosen in the list."""
        return self.session.jobs.get(self.allele.job or "")

    @property
    def training(self) -> Training | None:
        return self.session.trainings.get(self.allele.job or "")

    @property
    def model(self) -> ModelInfo | None:
        """The finished model of the chosen job, or None."""
        job = self.job
        return next((one for one in self.session.newest_first if job is not None and one.name == job.subject), None)

    async def _edit(self) -> None:
        if self.model is not None:
            await self.allele.files.edit_with(self.model)

    @property
    def preview(self) -> str:
        """The name of the chosen evaluation's preview; "" when there is none."""
        return self.previews.current if isinstance(self.previews.current, str) else ""

    def situation(self) -> Situation:
        job, silence = self.job, self.allele.sound.silence
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            job_running=job is not None and job.is_open,
            job_kind=job.kind if job else "",
            job_state=job.state if job else None,
            job_phase=job.phase if job else "idle",
            preview=bool(self.preview),
            second_part=self.parts.has_two,
            model=self.model is not None,
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
        """Redraw only what a step or an evaluation changes."""
        training, job = self.training, self.job
        prior, is_training = self.parts.prior, job is None or job.kind == "train"
        for widget in (self.curve, self.previews):
            widget.display = is_training  # an ingest has none of these
        self.health.display, self.bits.display = is_training and prior is None, is_training and prior is not None
        self.facts.show(*fact_parts(job, training))
        step = training.step if training else None
        losses = loss_words(step.losses) if step else ""
        self.losses.show([(f" {losses if prior is None else prior.words()}", PLAIN)] if step or prior else "")
        self.curve.show(training if prior is None else prior)
        self.health.show(training)
        self.bits.show(prior, novelty_words(None if self.model is None else self.model.prior))
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
        if self.parts.prior is not None:
            lines = prior_preview_lines(self.parts.prior, heard)
        head = f" LISTEN {'at':>7}  {'held':>6} {'learnt':>6}" if lines else " LISTEN: after the first evaluation"
        was = self.preview
        self.previews.fill([Row(head, heading=True), *(Row(text, name) for text, name in lines)])
        names = [name for _, name in lines if name != SOURCE]
        if names and was not in [SOURCE, *names]:
            self.previews.go(names[0])  # the newest, not the recording
        if not lines and self.previews.active:
            self._to_other_list()

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "training":
            if key == self.allele.job and self.is_mounted:
                self.draw_training()
                self.lines.draw_bottom()
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
            file = prior_preview_file(training.prior, self.preview) or preview_file(training, self.preview)
            return [(f" {file}", PLAIN)]
        if (
            self.model is not None
            and job.kind == "train"
            and (job.phase in ("measuring", "learning") or job.state == "done")
        ):
            left = measuring_words([job], job.subject)
            more = [(f" ({left}; colours follow)", PLAIN)] if left else []
            return [(f" {job.subject} is trained: {{train.edit}} edits with it", BOLD), *more]
        if job.error:
            return [(" " + "; ".join(filter(None, (job.error.rstrip("."), resume_words(job)))), BOLD)]
        if job.state in ("queued", "paused", "cancelled", "interrupted"):
            state = state_words(job) if job.state == "queued" else job.state
            return [(" " + ": ".join(filter(None, (state, resume_words(job)))), BOLD)]
        if training is not None and training.evaluation is not None and not is_ending(job):
            is_sick = bool(sick_words(training.evaluation.health))
            return [(f" {health_words(training.evaluation)}", BOLD if is_sick else PLAIN)]
        return [(f" {state_words(job)}" if job.is_active or job.detail else "", PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("preview.play", "play"),
            ("preview.compare", "A/B"),
            ("train.pause", "pause"),
            ("train.resume", "resume"),
            ("train.stop", "stop, keep"),
            ("train.cancel", "cancel"),
            *([("train.part", "codec" if self.parts.prior is not None else "prior")] if self.parts.has_two else []),
            ("train.edit", "edit"),
            ("list.other", "lists"),
            ("app.help", "help"),
        ]

    # --- lists -------------------------------------------------------------------------------------------

    def _list_moved(self) -> None:
        key = self.jobs.current
        if self.jobs.active and isinstance(key, str) and key != self.allele.job:
            self.allele.follow(key)
        self.draw()

    def _activate(self, rows: Rows) -> None:
        if rows is not self.log_rows:
            self.jobs.activate(rows is self.jobs)
            self.previews.activate(rows is self.previews)
        self._list_moved()

    def _to_other_list(self) -> None:
        to_previews = self.jobs.active and bool(self.preview)
        self.jobs.activate(not to_previews)
        self.previews.activate(to_previews)
        self.lines.draw_bottom()

"""One training as the Train screen shows it, built from both a job's log and its live events.

A job's log contains the same bodies as the events, so a screen reads GetJobLog first and then follows the events. An
entry that arrives twice (from the log and live) has no effect the second time.
"""

import time
from collections import deque
from typing import Any

import msgspec

from protocol.messages.events import EvaluationCompleted, JobLogged, PriorEvaluated, PriorStepped, StepCompleted
from protocol.options import Called, Duration, Option
from tui.model.curve import Curve, Legend
from tui.model.measures import standing_words
from tui.model.prior_training import PriorTraining

LOG_LINES = 500
PRIMARY = ("mel", "stft")


class Training:
    """Newest step and evaluation, curves of loss and held-out error, and the last lines of the log."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.step: StepCompleted | None = None
        self.evaluation: EvaluationCompleted | None = None
        self.loss = Curve()
        self.held_out = Curve()
        self.learnt = Curve()  # the held-out measure on training audio: the gap shows memorisation
        self.evaluations: list[EvaluationCompleted] = []
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self.next_entry = 0
        self.version = 0
        self.heard_s = time.monotonic()
        self._seen: set[tuple[float, str]] = set()
        self.prior = PriorTraining(job)

    @property
    def levels(self) -> int:
        return len(self.evaluation.utilisation) if self.evaluation else 0

    def take_entry(self, entry: dict[str, Any]) -> None:
        """Add one entry of GetJobLog. Entries of unknown kinds are skipped."""
        kinds: dict[str, type[Any]] = {
            "StepCompleted": StepCompleted,
            "EvaluationCompleted": EvaluationCompleted,
            "PriorStepped": PriorStepped,
            "PriorEvaluated": PriorEvaluated,
            "JobLogged": JobLogged,
        }
        kind = kinds.get(str(entry.get("type", "")))
        if kind is None:
            return
        try:
            body = msgspec.convert({"job": self.job, **entry}, kind)
        except msgspec.ValidationError:
            return  # a newer daemon's entry
        self.take(body)

    def take(self, body: Any) -> None:
        """Add the body of one event."""
        if isinstance(body, StepCompleted):
            self._take_step(body)
        elif isinstance(body, EvaluationCompleted):
            self._take_evaluation(body)
        elif isinstance(body, PriorStepped | PriorEvaluated):
            self.prior.take(body)
        elif isinstance(body, JobLogged):
            self._say(body.elapsed_s, body.text)  # most lines carry no time: they get that of the entry before
        self.version += 1
        self.heard_s = time.monotonic()

    def _take_step(self, body: StepCompleted) -> None:
        if self.step is not None and body.step < self.step.step and body.elapsed_s > self.step.elapsed_s:
            self.loss = Curve()  # resumed from an older checkpoint: the curve continues from there
        if self.step is None or body.elapsed_s >= self.step.elapsed_s:
            self.step = body
            loss = body.losses.get("total", sum(body.losses.values()) if body.losses else float("nan"))
            self.loss.add(body.elapsed_s, loss)

    def _take_evaluation(self, body: EvaluationCompleted) -> None:
        if self.evaluation is not None and body.elapsed_s <= self.evaluation.elapsed_s:
            return
        self.evaluation = body
        name, value = self.held_out_now()
        if value is not None:
            self.held_out.add(body.elapsed_s, value)
        learnt = body.train.get(name)
        if learnt is not None:
            self.learnt.add(body.elapsed_s, learnt)
        self.evaluations = [known for known in self.evaluations if known.elapsed_s < body.elapsed_s] + [body]
        words = ", ".join(f"{key} {number:.3f}" for key, number in body.held_out.items() if number is not None)
        known = f"held-out {words}" if words else "nothing is held out"
        result = "  ".join(filter(None, (known, standing_words(body))))
        self._say(body.elapsed_s, f"step {body.step}: {result}")

    @property
    def elapsed_s(self) -> float:
        """Training time at the newest report, in seconds."""
        return max((report.elapsed_s for report in (self.step, self.evaluation) if report is not None), default=0.0)

    @property
    def previews(self) -> list[EvaluationCompleted]:
        """Evaluations that saved a preview, the newest first."""
        return [evaluation for evaluation in reversed(self.evaluations) if evaluation.preview]

    def held_out_now(self) -> tuple[str, float | None]:
        """Return the name and newest value of the held-out measure that is shown."""
        if self.evaluation is None:
            return PRIMARY[0], None
        measures = self.evaluation.held_out
        name = next((key for key in PRIMARY if measures.get(key) is not None), next(iter(measures), PRIMARY[0]))
        return name, measures.get(name)

    def legend(self) -> list[Legend | None]:
        """Return the name and newest value of each curve: loss, learnt, held out; None before its first point."""
        name, value = self.held_out_now()
        held: Legend | None = None
        if value is not None:
            held = (f"held-out {name} {value:.3f}", f"held {value:.3f}")
        elif self.evaluation is not None:
            held = ("nothing held out", "no held-out")
        learnt = (
            None if self.learnt.last is None else (f"learnt {self.learnt.last[1]:.3f}", f"{self.learnt.last[1]:.3f}")
        )
        loss = None if self.loss.last is None else (f"loss {self.loss.last[1]:.3f}", f"loss {self.loss.last[1]:.3g}")
        return [loss, learnt, held]

    def _say(self, elapsed_s: float, text: str) -> None:
        key = (round(elapsed_s, 2), text)
        if key in self._seen:
            return
        if len(self._seen) > 4 * LOG_LINES:
            self._seen.clear()
        self._seen.add(key)
        self.lines.append(f"{clock(max(elapsed_s, self.elapsed_s)):>6}  {text}")


def clock(seconds: float | None) -> str:
    """Return a duration in seconds as 4:10 or 1:02:03; "?" when it is unknown."""
    if seconds is None:
        return "?"
    whole = max(0, int(seconds + 0.5))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def read_option(option: Option, text: str) -> Any:
    """Parse the text of a form's field as a training option. An empty field keeps the default.

    Raises:
        ValueError: with a sentence to show to the user.
    """
    text = text.strip() if isinstance(option.kind, Called) else text.strip().lower().replace(" ", "")
    if not text:
        return option.default
    if isinstance(option.kind, Duration) and text.replace(".", "").isdecimal():
        text += "s"  # a form accepts numbers without a unit, unlike the command line
    try:
        return option.kind.read(text)
    except ValueError as refusal:
        raise ValueError(f"{option.label}: {refusal}") from None

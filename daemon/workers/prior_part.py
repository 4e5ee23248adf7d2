"""The second part of a training: the material and the prior of a finished model.

Its steps are progress of the job (phase learning), and one of every half second is in the model's log, as are all
evaluations, each with the novelty of its preview; the prior's own folder has all reports. At the end, a few sounds made
from nothing are judged for its card. A failure is only reported, because the model works without a prior.
"""

import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from daemon.jobs.specs import TrainSpec, train_command
from daemon.prior.card import FOLDER
from daemon.runs.folder import append_log
from daemon.runs.reports import Control, LogLine, PriorReport, PriorStepReport, Report, StepReport
from daemon.runs.spec import TrainingSpec
from daemon.workers.child import Wire

if TYPE_CHECKING:
    import torch

LONGEST_S = 600.0
MOST_STEPS = 200
CHECK_SHARE, LEAST_CHECK_S = 0.5, 2.0
"""Time for trying the knobs, as a share of the prior's training, and the least."""
PROGRESS_S, CURVE_S = 0.25, 0.5


def learns_prior(training: TrainingSpec) -> bool:
    """Whether a training has a second part. The size for trying things out has one only with a budget of its own."""
    return not training.no_prior and (training.preset != "toy" or training.prior_budget_s is not None)


def learn_prior(
    wire: Wire, spec: TrainSpec, training: TrainingSpec, *, codec_seconds: float, is_all: bool = False
) -> bool:
    """Gather the material of a finished model and train its prior; returns False if that was stopped midway.

    `is_all`: whether the prior is all that is trained, so that the budget is its own.
    """
    from daemon.generation.gathering import gather_material
    from daemon.prior.run import train_prior
    from daemon.workers.device import choose_device
    from daemon.workers.failures import describe_failure
    from daemon.workers.prior_novelty import judge_prior

    model_dir, corpus_dir = Path(spec.run_dir), Path(spec.corpus_dir)
    news = _News(wire, model_dir)
    later = f"to train it: {train_command(spec.corpus, spec.subject, resume=True)}"
    device = choose_device()
    try:
        if not gather_material(model_dir, corpus_dir, device=device, go_on=news.gathering):
            return False
        wanted = _own(training) if is_all else _specification(training, codec_seconds)
        result = train_prior(
            wanted, corpus_dir, model_dir, device=device, report=news.report, control=lambda: control_of(wire)
        )
        if result.state != "stopped":
            news.say(judge_prior(model_dir))
    except Exception as problem:  # noqa: BLE001 - the model is finished in any case
        news.say(f"the prior could not be trained: {describe_failure(problem).message.rstrip('.')}; {later}")
        return True
    if result.state == "finished":
        _measure_knobs(news, model_dir, device, result.seconds)
    if result.state == "stopped":
        news.say(f"stopped before the prior of {quote(model_dir.name)} was trained; {later}")
    return result.state != "stopped"


def _measure_knobs(news: "_News", model_dir: Path, device: "torch.device", trained_s: float) -> None:
    """Find out which knobs hold. A failure is only reported, because nothing depends on it."""
    from daemon.codec.codec import Codec
    from daemon.generation.knob_check import MOST_CPU_S
    from daemon.workers.failures import describe_failure
    from daemon.workers.model_parts import measure_knobs

    try:
        most_cpu_s = min(MOST_CPU_S, max(LEAST_CHECK_S, CHECK_SHARE * trained_s))
        codec = Codec.load(model_dir, device)
        measure_knobs(model_dir, codec, most_cpu_s=most_cpu_s, say=news.say, go_on=news.checking)
    except Exception as problem:  # noqa: BLE001 - the model is finished in any case
        news.say(f"the knobs could not be measured: {describe_failure(problem).message}")


def control_of(wire: Wire) -> Control:
    """What the loop of a training does next, as the broker wants it."""
    if wire.cancelled.is_set():
        return Control.STOP
    return Control.KEEP if wire.kept.is_set() else Control.GO


def _own(training: TrainingSpec) -> TrainingSpec:
    """How long to train a prior that is all of a training."""
    if training.steps is not None:
        return TrainingSpec(steps=training.steps, seed=training.seed)
    return TrainingSpec(budget_s=training.prior_budget_s or training.budget_s or LONGEST_S, seed=training.seed)


def _specification(training: TrainingSpec, codec_seconds: float) -> TrainingSpec:
    """How long to train: by steps if the codec was, so that the same seed gives the same prior."""
    if training.prior_budget_s is not None:
        return TrainingSpec(budget_s=training.prior_budget_s, seed=training.seed)
    if training.steps is not None:
        return TrainingSpec(steps=min(training.steps, MOST_STEPS), seed=training.seed)
    return TrainingSpec(budget_s=min(LONGEST_S, max(1.0, codec_seconds)), seed=training.seed)


class _News:
    """Sends what happens to the broker, and writes evaluations to the model's log."""

    def __init__(self, wire: Wire, model_dir: Path) -> None:
        self._wire, self._dir, self._sent_s, self._logged_s = wire, model_dir, 0.0, 0.0

    def say(self, text: str) -> None:
        """Add a line to the log."""
        self._add(LogLine(text=text))

    def gathering(self, share: float) -> bool:
        """Report how much of the recordings is encoded; False when the job is cancelled."""
        self._progress(share, "encoding the recordings", None)
        return not self._wire.cancelled.is_set()

    def checking(self, share: float) -> bool:
        """Report how far the check of the knobs is; False when the job is cancelled or kept as it is."""
        self._progress(min(1.0, share), "trying the knobs", None)
        return not (self._wire.cancelled.is_set() or self._wire.kept.is_set())

    def report(self, report: Report) -> None:
        """Report a step or an evaluation of the prior."""
        if isinstance(report, StepReport):
            self._step(report)
        elif isinstance(report, PriorReport):
            preview = f"{FOLDER}/{report.preview}"
            from daemon.workers.prior_novelty import preview_novelty

            verdict = preview_novelty(self._dir, self._dir / preview)
            self._add(replace(report, preview=preview, novelty=verdict))
            self.say(report.words)
        elif isinstance(report, LogLine):
            self.say(report.text if report.text.startswith("prior") else f"prior: {report.text}")

    def _step(self, report: StepReport) -> None:
        bits, total_s = report.losses["total"], report.elapsed_s + report.eta_s
        share = report.elapsed_s / total_s if total_s > 0 else 0.0
        self._progress(share, f"prior: step {report.step}, {bits:.1f} bits", report.eta_s)
        now_s = time.monotonic()
        if now_s - self._logged_s >= CURVE_S:
            self._logged_s = now_s
            self._add(
                PriorStepReport(step=report.step, elapsed_s=report.elapsed_s, eta_s=report.eta_s, bits=round(bits, 3))
            )

    def _add(self, report: Report) -> None:
        append_log(self._dir, report)
        self._wire.send({"type": "report", "report": msgspec.json.encode(report)})

    def _progress(self, share: float, detail: str, eta_s: float | None) -> None:
        now_s = time.monotonic()
        if now_s - self._sent_s >= PROGRESS_S:
            self._sent_s = now_s
            fields = {"phase": "learning", "progress": min(1.0, share), "detail": detail, "eta_s": eta_s}
            self._wire.send({"type": "progress", **fields})

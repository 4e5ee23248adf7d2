"""Converts reports of a training to events of the protocol, from the pipe and from `log.jsonl` alike."""

from pathlib import Path
from typing import Any

import msgspec

from daemon.runs.folder import AnyReport
from daemon.runs.reports import EvaluationReport, LevelReport, PriorReport, PriorStepReport, Report, StepReport
from protocol.messages.events import EvaluationCompleted, JobLogged, PriorEvaluated, PriorStepped, StepCompleted
from protocol.messages.fields import Struct


class SoundReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a generation that it wrote a sound: the folder, and the sound's entry in the manifest."""

    folder: str
    entry: dict[str, Any]


def event_of(job: str, report: Report, run_dir: Path) -> Struct:
    """The event that publishes a report of a job, whose run folder is given."""
    if isinstance(report, StepReport):
        return _step(job, report)
    if isinstance(report, EvaluationReport):
        return _evaluation(job, report, run_dir)
    if isinstance(report, PriorStepReport):
        return PriorStepped(job=job, step=report.step, elapsed_s=report.elapsed_s, eta_s=report.eta_s, bits=report.bits)
    return _prior(job, report, run_dir) if isinstance(report, PriorReport) else JobLogged(job=job, text=report.text)


def read_line(line: bytes) -> Report | None:
    """Read a line of `log.jsonl`. Returns None for a line that a killed process left incomplete."""
    try:
        return msgspec.json.decode(line, type=AnyReport)
    except msgspec.DecodeError:
        return None


def progress_of(report: StepReport) -> float:
    """The progress of a training, 0 to 1, as a share of its time."""
    total_s = report.elapsed_s + report.eta_s
    return min(1.0, report.elapsed_s / total_s) if total_s > 0 else 0.0


def _step(job: str, report: StepReport) -> StepCompleted:
    return StepCompleted(
        job=job,
        step=report.step,
        elapsed_s=report.elapsed_s,
        progress=progress_of(report),
        eta_s=report.eta_s,
        losses=report.losses,
        learning_rate=report.learning_rate,
        gradient_norm=report.grad_norm,
        examples_per_s=report.examples_per_s,
        memory_mb=report.memory_mib,
    )


def _prior(job: str, report: PriorReport, run_dir: Path) -> PriorEvaluated:
    return PriorEvaluated(
        job=job,
        step=report.step,
        elapsed_s=report.elapsed_s,
        bits=report.bits,
        network_bits=report.network_bits,
        unigram_bits=report.unigram_bits,
        train_bits=report.train_bits,
        levels=report.levels,
        is_best=report.is_best,
        preview=str(run_dir / report.preview) if report.preview else "",
        novelty=report.novelty,
    )


def _evaluation(job: str, report: EvaluationReport, run_dir: Path) -> EvaluationCompleted:
    return EvaluationCompleted(
        job=job,
        step=report.step,
        elapsed_s=report.elapsed_s,
        held_out=_held_out(report),
        train={"mel": report.train_mel},
        utilisation=[level.utilisation for level in report.levels],
        perplexity=[level.perplexity for level in report.levels],
        entropy_bits=[level.entropy_bits for level in report.levels],
        dead_codes=[level.dead_codes for level in report.levels],
        commitment=[level.commitment for level in report.levels],
        health=[level.health for level in report.levels],
        advice=_advice(report.levels),
        preview=str(run_dir / report.preview) if report.preview else "",
        is_best=report.is_best,
        source=str(run_dir / report.source) if report.source else "",
    )


def _advice(levels: list[LevelReport]) -> str:
    """Advice as in `levels 3, 4 are thin: what to do`. Levels with the same advice are named together."""
    numbers_by_advice: dict[str, list[str]] = {}
    for number, level in enumerate(levels):
        if level.advice:
            numbers_by_advice.setdefault(f"{level.health}: {level.advice}", []).append(str(number))
    many = {True: ("levels", "are"), False: ("level", "is")}
    parts = [(many[len(numbers) > 1], ", ".join(numbers), words) for words, numbers in numbers_by_advice.items()]
    return "; ".join(f"{noun} {numbers} {verb} {words}" for (noun, verb), numbers, words in parts)


def _held_out(report: EvaluationReport) -> dict[str, float | None]:
    """The held-out errors of the mono mean, and in stereo of the side. Empty if nothing is held out."""
    names = ("mel", "stft", "sisdr_db", "side_mel", "width_db")
    return {name: value for name in names if (value := getattr(report, name)) is not None}

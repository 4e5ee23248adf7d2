"""A training: `python -m daemon.workers.training DESCRIPTOR PARENT_PID`, one child process for each job.

The broker sends the specification of the training and receives its reports (at most STEPS_A_SECOND of steps; the run's
log contains all). "cancel" takes effect between two steps and writes a checkpoint; "keep" writes a finished model. The
process has a low priority, so that decoding for playback comes first. When the model is finished, it can be used, and
its atlas is measured, in addition to the budget, and its prior is trained (`prior_part`). With `codec_from` the codec
is another model's, and only atlas and prior are made.
"""

import sys
import time
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from daemon.jobs.specs import TrainSpec
from daemon.runs.spec import TrainingSpec
from daemon.workers.child import Wire, run_job

STEPS_A_SECOND = 20
NICE = 5


def _train(wire: Wire, spec: TrainSpec, _: Path) -> dict[str, Any]:
    from daemon.atlas.files import ATLAS_NAME
    from daemon.runs.folder import MODEL_NAME, read_run
    from daemon.runs.reports import Report, StepReport
    from daemon.training.codec_run import train
    from daemon.workers.device import choose_device
    from daemon.workers.prior_part import control_of, learn_prior, learns_prior

    sent_s = 0.0

    def report(message: Report) -> None:
        nonlocal sent_s
        now_s = time.monotonic()
        if isinstance(message, StepReport):
            if now_s - sent_s < 1 / STEPS_A_SECOND:
                return
            sent_s = now_s
        wire.send({"type": "report", "report": msgspec.json.encode(message)})

    run_dir, corpus_dir = Path(spec.run_dir), Path(spec.corpus_dir)
    run = read_run(run_dir)
    given = spec.training.codec_from if run is None else run.spec.codec_from
    if given and not (run_dir / MODEL_NAME).exists():
        _adopt(wire, spec)
    elif not (run_dir / MODEL_NAME).exists():  # a finished model is resumed for its prior
        result = train(
            spec.training,
            corpus_dir,
            run_dir,
            device=choose_device(),
            report=report,
            control=lambda: control_of(wire),
        )
        if result.state == "stopped":
            return {"state": "stopped"}
    card = msgspec.json.decode((run_dir / MODEL_NAME).read_bytes(), type=dict[str, Any])
    if not (run_dir / ATLAS_NAME).exists():
        _measure(wire, run_dir, corpus_dir)
    # A training that was ended by hand has its model now; its prior can still be trained later.
    wants_prior = learns_prior(spec.training) and not (wire.kept.is_set() or spec.is_stopped)
    training = spec.training if run is None or not given else _budgeted(spec.training, run.spec)
    if wants_prior and not learn_prior(wire, spec, training, codec_seconds=card["seconds"], is_all=bool(given)):
        return {"state": "stopped"}
    unjudged = "" if card["held_out"] else f"nothing is held out, since {card['held_out_reason']}"
    detail = "; ".join(filter(None, (unjudged, card.get("ended", ""))))
    return {"state": "finished", "result": _result(run_dir, card), "detail": detail}


def _adopt(wire: Wire, spec: TrainSpec) -> None:
    """Make the model of another model's codec, which is the first part of a training with `codec_from`."""
    from daemon.training.adopting import adopt
    from daemon.workers.device import choose_device

    run_dir = Path(spec.run_dir)
    wire.send({"type": "progress", "phase": "working", "progress": 0.0, "detail": "evaluating the codec"})
    lines = list[str]()
    adopt(spec.training, Path(spec.corpus_dir), run_dir, device=choose_device(), say=lines.append)
    for line in lines:
        _say(wire, run_dir, line)


def _budgeted(training: TrainingSpec, begun: TrainingSpec) -> TrainingSpec:
    """The budget of a prior that is all of a training: as given now, else as given when the training began."""
    if any(value is not None for value in (training.budget_s, training.steps, training.prior_budget_s)):
        return training
    return begun


def _say(wire: Wire, run_dir: Path, text: str) -> None:
    """Add a line to a model's log, and send it to the broker."""
    from daemon.runs.folder import append_log
    from daemon.runs.reports import LogLine

    line = LogLine(text=text)
    append_log(run_dir, line)
    wire.send({"type": "report", "report": msgspec.json.encode(line)})


def _measure(wire: Wire, run_dir: Path, corpus_dir: Path) -> None:
    """Measure the atlas of the finished model. A failure is only reported, because the model works without an atlas."""
    from daemon.atlas.model import measure_model
    from daemon.atlas.pace import Pace
    from daemon.workers.device import choose_device
    from daemon.workers.failures import describe_failure

    def say(text: str) -> None:
        _say(wire, run_dir, text)

    pace = Pace()

    def go_on(share: float) -> bool:
        fields = {"phase": "measuring", "progress": 1.0, "detail": "measuring codes", "eta_s": pace.left_s(share)}
        wire.send({"type": "progress", **fields})
        return not wire.cancelled.is_set()

    go_on(0.0)  # the model is usable from now on
    later = f"to measure it: allele model atlas {quote(run_dir.name)}"
    try:
        if measure_model(run_dir, corpus_dir, device=choose_device(), say=say, go_on=go_on) is None:
            say(f"stopped before the atlas was measured; {later}")
    except Exception as problem:  # noqa: BLE001 - the model is finished in any case
        say(f"the atlas could not be measured: {describe_failure(problem).message}; {later}")


def _result(run_dir: Path, card: dict[str, Any]) -> dict[str, Any]:
    """The result that `allele train --json` prints."""
    from daemon.store.folders import prior_of

    wanted = ("steps", "seconds", "levels", "codebook", "held_out", "utilisation")
    return {"model": run_dir.name, **{key: card[key] for key in wanted}, "prior": prior_of(run_dir)}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, TrainSpec, _train)

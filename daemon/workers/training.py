"""A training: `python -m daemon.workers.training DESCRIPTOR PARENT_PID`, one child process for each job.

The broker sends the specification of the training and receives its reports (at most STEPS_A_SECOND of steps; the run's
log contains all). "cancel" takes effect between two steps and writes a checkpoint; "keep" writes a finished model. The
process has a low priority, so that decoding for playback comes first. When the model is finished, it can be used, and
its atlas is measured, in addition to the budget.
"""

import sys
import time
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from daemon.jobs.specs import TrainSpec
from daemon.workers.child import Wire, run_job

STEPS_A_SECOND = 20
NICE = 5


def _train(wire: Wire, spec: TrainSpec, _: Path) -> dict[str, Any]:
    from daemon.runs.folder import MODEL_NAME
    from daemon.runs.reports import Control, Report, StepReport
    from daemon.training.codec_run import train
    from daemon.workers.device import choose_device

    sent_s = 0.0

    def report(message: Report) -> None:
        nonlocal sent_s
        now_s = time.monotonic()
        if isinstance(message, StepReport):
            if now_s - sent_s < 1 / STEPS_A_SECOND:
                return
            sent_s = now_s
        wire.send({"type": "report", "report": msgspec.json.encode(message)})

    def control() -> Control:
        if wire.cancelled.is_set():
            return Control.STOP
        return Control.KEEP if wire.kept.is_set() else Control.GO

    run_dir, corpus_dir = Path(spec.run_dir), Path(spec.corpus_dir)
    result = train(spec.training, corpus_dir, run_dir, device=choose_device(), report=report, control=control)
    if result.state == "stopped":
        return {"state": "stopped"}
    card = msgspec.json.decode((run_dir / MODEL_NAME).read_bytes(), type=dict[str, Any])
    _measure(wire, run_dir, corpus_dir)
    unjudged = "" if card["held_out"] else f"nothing is held out, since {card['held_out_reason']}"
    detail = "; ".join(filter(None, (unjudged, card.get("ended", ""))))
    return {"state": "finished", "result": _result(run_dir.name, card), "detail": detail}


def _measure(wire: Wire, run_dir: Path, corpus_dir: Path) -> None:
    """Measure the atlas of the finished model. A failure is only reported, because the model works without an atlas."""
    from daemon.atlas.model import measure_model
    from daemon.atlas.pace import Pace
    from daemon.runs.folder import append_log
    from daemon.runs.reports import LogLine
    from daemon.workers.device import choose_device
    from daemon.workers.failures import describe_failure

    def say(text: str) -> None:
        line = LogLine(text=text)
        append_log(run_dir, line)
        wire.send({"type": "report", "report": msgspec.json.encode(line)})

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


def _result(model: str, card: dict[str, Any]) -> dict[str, Any]:
    """The result that `allele train --json` prints."""
    wanted = ("steps", "seconds", "levels", "codebook", "held_out", "utilisation", "prior")
    return {"model": model, **{key: card[key] for key in wanted}}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, TrainSpec, _train)

"""A training: `python -m daemon.engine.training_worker DESCRIPTOR PARENT_PID`, one child process for each job.

The broker sends what to train; reports go up as they come (steps at most STEPS_A_SECOND, the run's log has them all);
"cancel" is honoured between two steps, with a checkpoint. It runs at low priority, so that the decodes somebody waits
for come first.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from daemon.engine.child import Wire, forbid_core_dumps, give_way, open_wire

STEPS_A_SECOND = 20
NICE = 5


def main(argv: Sequence[str]) -> None:
    """Train once and end."""
    wire = open_wire(argv)
    forbid_core_dumps()
    give_way(NICE)
    from daemon.engine.failures import describe_failure

    asked = wire.inbox.get().fields
    try:
        result = _train(wire, asked)
    except Exception as problem:  # noqa: BLE001 - the broker is told why
        wire.send({"type": "failed", "error": describe_failure(problem)})
    else:
        wire.send({"type": "ended", **result})


def _train(wire: Wire, asked: dict[str, Any]) -> dict[str, Any]:
    from daemon.engine.device import choose_device
    from daemon.training.loop import train
    from daemon.training.reports import Control, Report, StepReport
    from daemon.training.spec import TrainingSpec

    told_s = 0.0

    def report(said: Report) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if isinstance(said, StepReport):
            if now_s - told_s < 1 / STEPS_A_SECOND:
                return
            told_s = now_s
        wire.send({"type": "report", "report": msgspec.json.encode(said)})

    def control() -> Control:
        return Control.STOP if wire.cancelled.is_set() else Control.GO

    spec = msgspec.convert(asked["spec"], TrainingSpec)
    run_dir = Path(asked["run_dir"])
    result = train(spec, Path(asked["corpus_dir"]), run_dir, device=choose_device(), report=report, control=control)
    if result.state == "stopped":
        return {"state": "stopped"}
    return {"state": "finished", "result": _result(run_dir)}


def _result(run_dir: Path) -> dict[str, Any]:
    """What `allele train --json` prints."""
    card = msgspec.json.decode((run_dir / "model.json").read_bytes(), type=dict[str, Any])
    wanted = ("steps", "seconds", "levels", "codebook", "held_out", "utilisation", "prior")
    return {"model": run_dir.name, **{key: card[key] for key in wanted}}


if __name__ == "__main__":
    main(sys.argv[1:])

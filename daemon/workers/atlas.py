"""An atlas job: `python -m daemon.workers.atlas DESCRIPTOR PARENT_PID`, one child process for each job.

Measures what each code of a finished model does to the sound. "cancel" is honoured after every context and leaves
the atlas that was there before.
"""

import sys
from pathlib import Path
from typing import Any

from daemon.workers.child import Wire, keep_log, run_job

NICE = 5


def _measure(wire: Wire, asked: dict[str, Any]) -> dict[str, Any]:
    from daemon.atlas.model import measure_model
    from daemon.workers.device import choose_device

    say, model_dir = keep_log(wire, Path(asked["log"])), Path(asked["model_dir"])

    def go_on(share: float) -> bool:
        wire.send({"type": "progress", "progress": share, "detail": "measuring what each code does"})
        return not wire.cancelled.is_set()

    atlas = measure_model(model_dir, Path(asked["corpus_dir"]), device=choose_device(), say=say, go_on=go_on)
    if atlas is None:
        return {"state": "stopped"}
    Q, K, M, _ = atlas.shape
    rows = atlas.reliability.round(3).tolist()
    reliability = {name: [row[index] for row in rows] for index, name in enumerate(atlas.descriptors)}
    result = {"model": model_dir.name, "levels": Q, "codebook": K, "contexts": M, "reliability": reliability}
    return {"state": "finished", "result": result}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, _measure)

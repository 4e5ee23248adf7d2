"""An atlas job: `python -m daemon.workers.atlas DESCRIPTOR PARENT_PID`, one child process for each job.

It measures the effect of each code of a finished model on the sound, and gathers the material of a model without any.
"cancel" takes effect after each context and keeps the previous atlas.
"""

import sys
from pathlib import Path
from typing import Any

from daemon.jobs.specs import AtlasSpec
from daemon.workers.child import Wire, keep_log, run_job

NICE = 5


def _measure(wire: Wire, spec: AtlasSpec, log: Path) -> dict[str, Any]:
    from daemon.atlas.model import measure_model
    from daemon.atlas.pace import Pace
    from daemon.generation.gathering import gather_material
    from daemon.workers.device import choose_device

    say, model_dir, pace = keep_log(wire, log), Path(spec.model_dir), Pace()

    def go_on(share: float) -> bool:
        fields = {"phase": "working", "progress": share, "detail": "measuring codes", "eta_s": pace.left_s(share)}
        wire.send({"type": "progress", **fields})
        return not wire.cancelled.is_set()

    atlas = measure_model(model_dir, Path(spec.corpus_dir), device=choose_device(), say=say, go_on=go_on)
    if atlas is None or not gather_material(model_dir, Path(spec.corpus_dir), device=choose_device()):
        return {"state": "stopped"}
    Q, K, M, _ = atlas.shape
    rows = atlas.reliability.round(3).tolist()
    reliability = {name: [row[index] for row in rows] for index, name in enumerate(atlas.descriptors)}
    result = {"model": model_dir.name, "levels": Q, "codebook": K, "contexts": M, "reliability": reliability}
    return {"state": "finished", "result": result}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, AtlasSpec, _measure)

"""An atlas job: `python -m daemon.workers.atlas DESCRIPTOR PARENT_PID`, one child process for each job.

It measures the effect of each code of a finished model on the sound, gathers the material and the index of novelty of a
model without them, and finds out which knobs of generating hold. "cancel" takes effect after each context and keeps the
previous atlas.
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
    from daemon.codec.codec import Codec
    from daemon.generation.gathering import gather_material
    from daemon.workers.device import choose_device
    from daemon.workers.model_parts import measure_knobs

    say, model_dir, pace = keep_log(wire, log), Path(spec.model_dir), Pace()

    def go_on(share: float) -> bool:
        fields = {"phase": "working", "progress": share, "detail": "measuring codes", "eta_s": pace.left_s(share)}
        wire.send({"type": "progress", **fields})
        return not wire.cancelled.is_set()

    def gathering(share: float) -> bool:
        fields = {"phase": "working", "progress": share, "detail": "comparing the recordings", "eta_s": None}
        wire.send({"type": "progress", **fields})
        return not wire.cancelled.is_set()

    def trying(share: float) -> bool:
        fields = {"phase": "working", "progress": min(1.0, share), "detail": "trying the knobs", "eta_s": None}
        wire.send({"type": "progress", **fields})
        return not wire.cancelled.is_set()

    atlas = measure_model(model_dir, Path(spec.corpus_dir), device=choose_device(), say=say, go_on=go_on)
    if atlas is None or not gather_material(model_dir, Path(spec.corpus_dir), device=choose_device(), go_on=gathering):
        return {"state": "stopped"}
    if not measure_knobs(model_dir, Codec.load(model_dir, choose_device()), say=say, go_on=trying):
        return {"state": "stopped"}
    Q, K, M, _ = atlas.shape
    rows = atlas.reliability.round(3).tolist()
    reliability = {name: [row[index] for row in rows] for index, name in enumerate(atlas.descriptors)}
    result = {"model": model_dir.name, "levels": Q, "codebook": K, "contexts": M, "reliability": reliability}
    return {"state": "finished", "result": result}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, AtlasSpec, _measure)

"""A generation: `python -m daemon.workers.generation DESCRIPTOR PARENT_PID`, a child process that does job after job.

It makes sounds with a model and writes each as a WAV and an `.alle` as soon as it is made, then the folder's
manifest.json. "cancel" takes effect within a frame, and what was finished stays. A job that is repeated with the same
options makes the sounds that are missing.
"""

import sys
from pathlib import Path
from typing import Any

from daemon.jobs.specs import GenerateSpec
from daemon.workers.child import Wire, keep_log, run_job
from protocol.units import FRAMES_PER_S

NICE = 3


def _generate(wire: Wire, spec: GenerateSpec, log: Path) -> dict[str, Any]:
    from daemon.generation.errors import GenerationError
    from daemon.workers.device import choose_device
    from daemon.workers.generation_files import Folder
    from daemon.workers.generation_models import open_or_reuse
    from daemon.workers.generation_work import notes_of, wanted_of

    say = keep_log(wire, log)
    folder = Folder(spec)
    seeds, notes = folder.missing(), list[str]()
    seconds = spec.options.seconds

    def progress(share: float, done: int) -> bool:
        total, at_s = spec.options.count, share * seconds
        place = f"frame {round(at_s * FRAMES_PER_S)}, {at_s:.1f} of {seconds:g} s"
        detail = f"{done} of {total} made; {place}" if total > 1 else place
        whole = (done + share) / max(1, total)
        wire.send({"type": "progress", "phase": "working", "progress": min(1.0, whole), "detail": detail})
        return not wire.cancelled.is_set()

    def opening(share: float) -> bool:
        detail = f"encoding the recordings of {spec.options.other}, {share:.0%}"
        wire.send({"type": "progress", "phase": "working", "progress": 0.0, "detail": detail})
        return not wire.cancelled.is_set()

    progress(0.0, 0)
    if seeds:
        opened = open_or_reuse(spec, choose_device(), say=say, go_on=opening)
        if opened is None:
            return {"state": "stopped"}
        engines, judges = opened.engines, opened.judges
        wanted, given = wanted_of(spec)
        notes = notes_of(spec, engines, engines.choose(wanted, given))
        for seed in seeds:
            done = spec.options.count - len(seeds) + seeds.index(seed)
            outputs = engines.make(wanted, [seed], given, go_on=lambda share: progress(share, done))  # noqa: B023
            if not outputs:
                return {"state": "stopped"}
            outputs[0].notes.extend(note for note in notes if note not in outputs[0].notes)
            entry = folder.write(seed, outputs[0], engines, judges)
            if spec.is_listed:
                wire.send({"type": "sound", "folder": spec.folder, "entry": entry})
    if spec.given:
        Path(spec.given).unlink(missing_ok=True)  # the daemon kept it for this job alone
    entries = folder.entries()
    if not entries:
        raise GenerationError("Nothing was made.", "Choose a count of 1 or more.")
    result = {"outputs": entries, "manifest": str(folder.manifest), "notes": notes}
    return {"state": "finished", "result": result}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, GenerateSpec, _generate, stays=True)

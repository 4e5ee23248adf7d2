"""An ingest: `python -m daemon.workers.ingest DESCRIPTOR PARENT_PID`, one child process for each job.

Audio files are opened here and never in the broker. Remarks about a file are sent to the broker and written to the
job's log. "cancel" takes effect between blocks and keeps the files that are finished.
"""

import sys
from pathlib import Path
from typing import Any

from daemon.jobs.specs import IngestSpec
from daemon.workers.child import Wire, cap_memory, keep_log, run_job

NICE = 5
MEMORY_BYTES = 4 << 30  # an ingest needs a few blocks; only a file with false sizes needs more


def _ingest(wire: Wire, spec: IngestSpec, log: Path) -> dict[str, Any]:
    from daemon.corpus.ingest import IngestProgress, ingest

    cap_memory(MEMORY_BYTES)
    say = keep_log(wire, log)

    def progress(state: IngestProgress) -> None:
        name = state.path.name if state.path is not None else ""
        share = state.done_files / max(1, state.total_files)
        detail = f"{state.done_files} of {state.total_files} files, {state.read_s:.0f} s read"
        detail = f"{detail}: {name}" if name else detail
        wire.send({"type": "progress", "phase": "working", "progress": share, "detail": detail})

    corpus_dir = Path(spec.corpus_dir)
    report = ingest([Path(path) for path in spec.paths], corpus_dir, progress=progress, cancelled=wire.cancelled.is_set)
    for record in (*report.errors, *report.duplicates, *report.added):
        if record.message:
            say(f"{record.source}: {record.message} {record.hint}".strip())
    if report.left_out.line:
        say(report.left_out.line)
    if report.is_cancelled:
        return {"state": "stopped"}
    say(f"{len(report.added)} added, {len(report.duplicates)} duplicates, {len(report.errors)} could not be used")
    result = {
        "corpus": corpus_dir.name,
        "added": len(report.added),
        "duplicates": len(report.duplicates),
        "errors": [{"path": r.source, "problem": r.message, "hint": r.hint} for r in report.errors],
        "not_read": report.left_out.facts(),
        "files": report.total_files,
        "seconds": round(report.total_s, 3),
    }
    return {"state": "finished", "result": result, "detail": report.left_out.line}


if __name__ == "__main__":
    run_job(sys.argv[1:], NICE, IngestSpec, _ingest)

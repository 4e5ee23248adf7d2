"""Reads pages of a job's log from the file that its worker writes, so that clients can follow any job from its start.

The offsets of lines are cached, so that a page of a long run is found without reading the pages before it. A resumed
run rewrites its log, which is detected by the file's inode. The functions block: call them in a thread.
"""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from daemon.jobs.reports import event_of, read_line
from protocol.messages.jobs import JobLog

PAGE_ENTRIES = 1000
PAGE_BYTES = 600_000  # of the log; entries become a little longer in messages, and a body has at most 1 MiB
MARK_EVERY = 500
KEPT_LOGS = 16


@dataclass
class _Marks:
    inode: int
    offsets: list[int] = field(default_factory=lambda: [0])  # of every MARK_EVERYth entry


class JobLogs:
    """Reads job logs, and caches the offsets at which their pages begin."""

    def __init__(self) -> None:
        self._marks: OrderedDict[Path, _Marks] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, job: str, path: Path, after: int) -> JobLog:
        """Read entries from number `after` on, at most PAGE_ENTRIES. Returns none if there is no log yet."""
        after = max(0, after)
        try:
            file = path.open("rb")
        except OSError:
            return JobLog(entries=[], next=after)
        entries: list[dict[str, Any]] = []
        with file, self._lock:
            marks = self._marks_of(path, os.fstat(file.fileno()).st_ino)
            mark = min(after // MARK_EVERY, len(marks.offsets) - 1)
            number, offset = mark * MARK_EVERY, marks.offsets[mark]
            file.seek(offset)
            taken = 0
            for line in file:
                if not line.endswith(b"\n") or len(entries) >= PAGE_ENTRIES or taken > PAGE_BYTES:
                    break  # the last line is incomplete: the next call reads it
                if number >= after:
                    taken += len(line)
                    entries.append(_entry(job, line, path.parent))
                number, offset = number + 1, offset + len(line)
                if number % MARK_EVERY == 0 and number // MARK_EVERY == len(marks.offsets):
                    marks.offsets.append(offset)
        return JobLog(entries=entries, next=max(after, number) if entries else after)

    def _marks_of(self, path: Path, inode: int) -> _Marks:
        marks = self._marks.get(path)
        if marks is None or marks.inode != inode:
            marks = self._marks[path] = _Marks(inode)
            while len(self._marks) > KEPT_LOGS:
                self._marks.popitem(last=False)
        self._marks.move_to_end(path)
        return marks


def _entry(job: str, line: bytes, run_dir: Path) -> dict[str, Any]:
    report = read_line(line)
    if report is None:  # a killed process left half a line: keep the numbers of the entries after it
        return {"type": "JobLogged", "job": job, "text": "(a line of the log is damaged)", "elapsed_s": 0.0}
    event = event_of(job, report, run_dir)
    return {"type": type(event).__name__, **msgspec.to_builtins(event)}

"""The format of worker logs: a mark in the log records when each process started, because their lines have no time.

The daemon writes a mark before it starts a process. A process can have written only before the next mark. The
functions here read no files; callers pass the lines.
"""

from collections.abc import Sequence
from datetime import datetime

DAEMON_LOG = "daemon.log"
WORKER_LOGS = ("engine*.log", "job-*.log")
"""Name patterns of the files that workers write to, in the same folder as the daemon's log."""
_STARTED = "--- started"


def start_mark(now: datetime) -> str:
    """The line that precedes the output of a process. `now` must have a time zone."""
    return f"{_STARTED} {now.isoformat(' ', 'seconds')}"


def is_start_mark(line: str) -> bool:
    """Whether a line of a log marks the start of a process."""
    return line.startswith(_STARTED)


def output_since(lines: Sequence[str], since_s: float, until_s: float) -> list[str]:
    """The output of the processes that were alive at a given time or later, each after its mark. Empty if none wrote.

    Args:
        since_s: the given time, in Unix time.
        until_s: when the log was last written to, in Unix time.
    """
    said: list[str] = []
    ended_s = until_s
    past = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        is_mark = is_start_mark(lines[at])
        if not is_mark and at > 0:
            continue
        words = lines[at:past]
        if ended_s >= since_s and any(line.strip() for line in words[is_mark:]):
            said = [*words, *said]
        past, ended_s = at, _began_s(lines[at])
    return said


def _began_s(mark: str) -> float:
    """When the process of a mark started, in Unix time; 0 if the mark cannot be read."""
    try:
        return datetime.fromisoformat(mark.removeprefix(_STARTED).strip()).timestamp()
    except ValueError:
        return 0.0

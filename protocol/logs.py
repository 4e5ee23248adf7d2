"""Logs of workers, whose words carry no time: a mark says when each process began. Pure; the files are the callers'.

The daemon writes a mark before each process it starts; whoever shows a log learns from the next mark until when a
process can have spoken.
"""

from collections.abc import Sequence
from datetime import datetime

DAEMON_LOG = "daemon.log"
WORKER_LOGS = ("engine*.log", "job-*.log")
"""Patterns of the files that workers write to, beside the daemon's own."""
_STARTED = "--- started"


def start_mark(now: datetime) -> str:
    """The line that stands before what a process says; `now` knows its time zone."""
    return f"{_STARTED} {now.isoformat(' ', 'seconds')}"


def is_start_mark(line: str) -> bool:
    """Whether a line is such a mark."""
    return line.startswith(_STARTED)


def said_since(lines: Sequence[str], since_s: float, until_s: float) -> list[str]:
    """What was said by processes that still lived at a moment, each after its mark; nothing where none said anything.

    Args:
        since_s: that moment, Unix time.
        until_s: when the log was written to last.
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
    """When the process of a mark began; long ago where it does not say."""
    try:
        return datetime.fromisoformat(mark.removeprefix(_STARTED).strip()).timestamp()
    except ValueError:
        return 0.0

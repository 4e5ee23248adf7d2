"""Describes how a child process ended, in words that help the user. It reads only files of /proc and /sys.

A SIGKILL does not reveal its sender. Linux counts the processes that it kills because memory ran out, for the whole
machine and for each control group. Comparing the counts before and after shows whether that was the cause.
"""

import signal
from pathlib import Path

CGROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
MACHINE = Path("/proc/vmstat")


class MemoryKills:
    """The current counts of processes that the kernel has killed because memory ran out."""

    def __init__(self, machine: Path = MACHINE, group: Path | None = None) -> None:
        """Read the counts. `group` is the file with the count of this process's control group; None finds it."""
        self._machine, self._group = machine, group or _group_file()
        self._before = self._counts()

    def _counts(self) -> list[int]:
        return [_count(path) for path in (self._machine, self._group)]

    @property
    def have_grown(self) -> bool:
        """Whether the kernel has killed a process of this machine or control group since the counts were read."""
        return any(now > before for now, before in zip(self._counts(), self._before, strict=True))

    @property
    def is_counted(self) -> bool:
        """Whether this machine provides the counts."""
        return any(count >= 0 for count in self._before)


def describe_end(code: int, last_line: str, kills: MemoryKills | None = None) -> str:
    """Describe an exit status in words.

    Args:
        last_line: the last line that the child wrote.
        kills: the counts at the time when the child was started.
    """
    if code == -signal.SIGKILL:
        if kills is not None and kills.have_grown:
            return "memory ran out, and the system killed it (signal 9)"
        if kills is not None and kills.is_counted:
            return "somebody killed it (signal 9); memory had not run out"
        return "it was killed (signal 9), by somebody or because memory ran out"
    if code == -signal.SIGTERM:
        return "somebody ended it (signal 15)"
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else "?"
        return f"it crashed ({name}, signal {-code})"
    how = f"it ended with status {code}"
    return f"{how}: {last_line}" if last_line else how


def _group_file() -> Path:
    """The file with the count of this process's control group (version 1 or 2). It may not exist."""
    try:
        lines = [line.split(":", 2) for line in CGROUP.read_text().splitlines()]
    except OSError:
        lines = []
    paths = {controllers: path.lstrip("/") for _, controllers, path in lines}
    first = GROUPS / "memory" / paths.get("memory", "") / "memory.oom_control"
    return first if "memory" in paths else GROUPS / paths.get("", "") / "memory.events"


def _count(path: Path | None) -> int:
    """The number after `oom_kill` in a file, or -1 if there is none."""
    try:
        words = path.read_text().split() if path is not None else []
        return int(words[words.index("oom_kill") + 1])
    except (OSError, ValueError, IndexError):
        return -1

"""How a child process ended, in words a person can act on. Nothing is read but files of /proc and /sys.

A SIGKILL does not say who sent it. Linux counts the processes it kills because memory ran out, for the whole machine
and for each control group; who reads the counts before and after knows whether that was it.
"""

import signal
from pathlib import Path

CGROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
MACHINE = Path("/proc/vmstat")


class MemoryKills:
    """Counts of kills for want of memory, as they are now."""

    def __init__(self, machine: Path = MACHINE, group: Path | None = None) -> None:
        """`group`: the file with our control group's count; None finds it."""
        self._machine, self._group = machine, group or _group_file()
        self._before = self._counts()

    def _counts(self) -> list[int]:
        return [_count(path) for path in (self._machine, self._group)]

    @property
    def have_grown(self) -> bool:
        """Whether the kernel killed some process of ours or of this machine since then."""
        return any(now > before for now, before in zip(self._counts(), self._before, strict=True))

    @property
    def is_counted(self) -> bool:
        """Whether this machine counts at all."""
        return any(count >= 0 for count in self._before)


def describe_end(code: int, said: str, kills: MemoryKills | None = None) -> str:
    """An exit status in words.

    Args:
        said: the last line the child wrote.
        kills: as they were when the child was born.
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
    return f"{how}: {said}" if said else how


def _group_file() -> Path:
    """Our control group's count: of version 2, or of version 1's memory controller; it need not exist."""
    try:
        lines = [line.split(":", 2) for line in CGROUP.read_text().splitlines()]
    except OSError:
        lines = []
    paths = {controllers: path.lstrip("/") for _, controllers, path in lines}
    first = GROUPS / "memory" / paths.get("memory", "") / "memory.oom_control"
    return first if "memory" in paths else GROUPS / paths.get("", "") / "memory.events"


def _count(path: Path | None) -> int:
    """The number after `oom_kill`, -1 where there is none."""
    try:
        words = path.read_text().split() if path is not None else []
        return int(words[words.index("oom_kill") + 1])
    except (OSError, ValueError, IndexError):
        return -1

"""The configuration of the daemon, with the reason for each default."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from protocol.places import Places, places_of

DEFAULT_IDLE_EXIT_S = 30 * 60.0  # long enough for a break, short enough not to hold a GPU overnight
MAX_CLIENTS = 64  # connections that have sent a message; each costs a few KiB and a file descriptor
WANTED_OPEN_FILES = 4096  # sockets, pipes and files; an idle connection costs one


@dataclass(frozen=True, kw_only=True)
class DaemonConfig:
    """The configuration of one run of the daemon."""

    home: Path
    ready_fd: int | None = None
    """The descriptor to which "ready" or "error: …" is written once before it is closed."""
    foreground: bool = False
    """Whether to log to the terminal too. Closing the terminal then stops the daemon."""
    idle_exit_s: float = DEFAULT_IDLE_EXIT_S
    """The time without clients and jobs after which the daemon stops; 0 for never."""
    max_clients: int = MAX_CLIENTS

    @cached_property
    def places(self) -> Places:
        """Folders and sockets of the home. They are computed once, so that a changed link to it has no effect."""
        return places_of(self.home)

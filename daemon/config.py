"""What the daemon can be told on its command line, with the reason for each default."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from protocol.places import Places, places_of

DEFAULT_IDLE_EXIT_S = 30 * 60.0  # long enough for a break, short enough not to hold a GPU overnight
MAX_CLIENTS = 64  # connections that have spoken; each costs a few KiB and a file descriptor
WANTED_OPEN_FILES = 4096  # sockets, pipes and files; an idle connection costs one


@dataclass(frozen=True, kw_only=True)
class DaemonConfig:
    """One run of the daemon."""

    home: Path
    ready_fd: int | None = None
    """Where to say "ready" or "error: …" once, and close."""
    foreground: bool = False
    """Log to the terminal too; a hang-up of the terminal stops the daemon."""
    idle_exit_s: float = DEFAULT_IDLE_EXIT_S
    """Stop after so long without clients and jobs; 0 never."""
    max_clients: int = MAX_CLIENTS

    @cached_property
    def places(self) -> Places:
        """Folders and sockets of this home. Computed once: they stay when a link to the home is changed."""
        return places_of(self.home)

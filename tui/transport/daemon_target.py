"""The daemon that a client connects to: that of a home on this machine, or the one at an endpoint.

The daemon of a home is started when none runs. At an endpoint no daemon is started, and its folders are unknown.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from protocol.endpoint import Endpoint
from protocol.errors import AlleleError
from protocol.homelock import is_held
from protocol.places import Places, places_of

ANSWER_S = 10.0  # how long a daemon may take to be reachable again
PAUSE_S = 0.05


@dataclass(frozen=True)
class DaemonTarget:
    """The daemon that `--home` or `--connect` names."""

    endpoint: Endpoint
    places: Places | None = None
    """The folders of the home; None for an endpoint."""

    @classmethod
    def of_home(cls, home: Path) -> Self:
        """Return the target for the daemon of a home folder.

        Raises:
            AlleleError: E_IO for a path that is not UTF-8.
        """
        places = places_of(home)
        return cls(places.endpoint, places)

    def find(self, say: Callable[[str], object] | None = None) -> Endpoint:
        """Return the endpoint of a running daemon. For a home, starts the daemon if none runs.

        Args:
            say: called with one line when a running daemon does not answer yet.

        Raises:
            AlleleError: E_IO when the home cannot be used, E_UNAVAILABLE when no daemon answers.
        """
        from tui.transport.embedded import ensure_daemon

        if self.places is not None:
            return ensure_daemon(self.places.home, say=say)
        if not self.is_running(say):
            raise AlleleError("E_UNAVAILABLE", f"no daemon answers at {self.endpoint.folder}")
        return self.endpoint

    def holds(self) -> bool:
        """Return whether a daemon exists, even if it does not answer."""
        return self.endpoint.answers() or (self.places is not None and is_held(self.places))

    def is_running(self, say: Callable[[str], object] | None = None) -> bool:
        """Wait until the daemon answers. Returns False when there is none.

        Raises:
            AlleleError: E_UNAVAILABLE when a daemon has locked the home but does not answer in time.
        """
        from tui.transport.embedded import wait_for_holder

        if self.places is not None:
            return wait_for_holder(self.places, time.monotonic() + ANSWER_S, say)
        deadline_s = time.monotonic() + 2.0  # sockets that were removed are bound again within a second
        while not self.endpoint.answers():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(PAUSE_S)
        return True

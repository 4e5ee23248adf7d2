"""The daemon that a client wants: that of a home on this machine, or the one at an endpoint.

The first is started when none runs. Behind an endpoint nothing is started, and nothing is assumed about its folders.
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
    """What `--home` or `--connect` named."""

    endpoint: Endpoint
    places: Places | None = None
    """The home's folders; None behind an endpoint."""

    @classmethod
    def of_home(cls, home: Path) -> Self:
        """The daemon of a home folder.

        Raises:
            AlleleError: E_IO for a path that is not UTF-8.
        """
        places = places_of(home)
        return cls(places.endpoint, places)

    def find(self, say: Callable[[str], object] | None = None) -> Endpoint:
        """The endpoint of a running daemon, which is started where this names a home.

        Args:
            say: receives one line when a running daemon has to be waited for.

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
        """Whether a daemon is there, answering or not."""
        return self.endpoint.answers() or (self.places is not None and is_held(self.places))

    def is_running(self, say: Callable[[str], object] | None = None) -> bool:
        """Wait until the daemon answers; False when there is none.

        Raises:
            AlleleError: E_UNAVAILABLE when one holds the home and does not answer in time.
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

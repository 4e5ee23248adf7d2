"""Estimates how long a measurement of codes still takes, from the share that is done."""

import time
from collections.abc import Callable


class Pace:
    """The pace of one measurement. Its clock starts at the last share of 0."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began_s = clock, clock()

    def left_s(self, share: float) -> float | None:
        """The time left in seconds at a share in [0, 1], or None while nothing is known."""
        if share <= 0.0:
            self._began_s = self._clock()
            return None
        return max(0.0, (self._clock() - self._began_s) * (1.0 - share) / share)

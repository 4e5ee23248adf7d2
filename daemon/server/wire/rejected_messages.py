"""Logs messages that were rejected: the first few with a reason, further ones as a count from time to time."""

import logging
import time
from collections.abc import Callable

log = logging.getLogger("allele.rejected")

WORDS_A_PERIOD = 5
PERIOD_S = 10.0


class RejectedMessages:
    """Logs rejected messages with a rate limit: a flood of them adds one line per period, not one per message."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._period_s = clock()
        self._seen = 0
        self.total = 0

    def note(self, where: str, why: str) -> None:
        """Count one rejected message that arrived at the socket `where`."""
        now_s = self._clock()
        if now_s - self._period_s > PERIOD_S:
            if self._seen > WORDS_A_PERIOD:
                log.warning("%d messages were refused in the last %.0f s", self._seen, now_s - self._period_s)
            self._period_s, self._seen = now_s, 0
        self._seen += 1
        self.total += 1
        if self._seen <= WORDS_A_PERIOD:
            log.warning("%s: refused: %s", where, why[:200])

"""What is said about bytes that are no messages: the first few in words, then a count now and then."""

import logging
import time
from collections.abc import Callable

log = logging.getLogger("allele.garbage")

WORDS_A_PERIOD = 5
PERIOD_S = 10.0


class GarbageLog:
    """Rate-limited: a flood of garbage costs a line per period, not a line per message."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._period_s = clock()
        self._seen = 0
        self.total = 0

    def note(self, where: str, why: str) -> None:
        """Count one refused message that came in at `where`."""
        now_s = self._clock()
        if now_s - self._period_s > PERIOD_S:
            if self._seen > WORDS_A_PERIOD:
                log.warning("%d messages were refused in the last %.0f s", self._seen, now_s - self._period_s)
            self._period_s, self._seen = now_s, 0
        self._seen += 1
        self.total += 1
        if self._seen <= WORDS_A_PERIOD:
            log.warning("%s: refused: %s", where, why[:200])

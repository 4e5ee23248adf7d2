"""The meter: the peak, the momentary loudness and the limiter's reduction of what is heard now.

Data flow: the player reports what it hears up to twenty times a second. The meter shows the loudest peak and reduction
of the last HOLD_S, so that they can be read, and changes at most five times a second, because every change is sent to
the terminal. The text of the numbers always has the same width.
"""

from collections import deque
from dataclasses import dataclass

HOLD_S = 1.5
EVERY_S = 0.2
SHOWN_DB = 0.05  # a smaller reduction would read 0.0
QUIETEST = -99.9


@dataclass(frozen=True)
class Reading:
    """What one report of the player says: peak in dBFS, momentary loudness in LUFS, reduction in dB."""

    peak_db: float
    lufs: float
    reduced_db: float


class Meter:
    """The readings of the last moments."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, Reading]] = deque()
        self._shown_s = -EVERY_S
        self.shown: Reading | None = None

    def take(self, reading: Reading, now_s: float) -> bool:
        """Add a reading made at a time in seconds. Returns whether what is shown has changed."""
        self._readings.append((now_s, reading))
        while self._readings[0][0] < now_s - HOLD_S:
            self._readings.popleft()
        if now_s - self._shown_s < EVERY_S:
            return False
        peak_db = max(one.peak_db for _, one in self._readings)
        reduced_db = max(one.reduced_db for _, one in self._readings)
        before, self.shown = self.shown, Reading(peak_db, reading.lufs, reduced_db)
        self._shown_s = now_s
        return self.shown != before

    def clear(self) -> None:
        """Forget all readings, since nothing is heard any more."""
        self._readings.clear()
        self.shown, self._shown_s = None, -EVERY_S

    @property
    def words(self) -> str:
        """The peak and the loudness, as in `peak  -3.1  -18.2 LUFS`; "" while nothing is heard."""
        if self.shown is None:
            return ""
        return f"peak {max(QUIETEST, self.shown.peak_db):5.1f}  {max(QUIETEST, self.shown.lufs):5.1f} LUFS"

    @property
    def limited(self) -> str:
        """By how much the limiter reduces what is heard, as in `limited 1.2`; "" when it does not."""
        reduced_db = self.shown.reduced_db if self.shown is not None else 0.0
        return f"limited {reduced_db:.1f}" if reduced_db >= SHOWN_DB else ""

"""Reports the cells that a prior draws for `regenerate` while it draws them, and stops when nobody waits any more.

Data flow: the engine calls `take` with each frame; at most ten times a second the frames since the last report are sent
to the broker, in a parcel that is marked as a part of the answer. The first, empty one says that the drawing began.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.generation.filling import Filler
from protocol.errors import AlleleError

REPORT_S = 0.1

Report = Callable[[int, Codes], None]
"""Receives the number of the first of some new frames, and their codes `(Q, n)`."""


class Watcher:
    """What an engine's worker can tell the broker in the middle of an operation, and whether the answer is wanted."""

    def __init__(
        self, report: Report = lambda _first, _codes: None, is_stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.report, self.is_stopped = report, is_stopped


class DrawingFiller:
    """A filler that reports every frame that it draws."""

    def __init__(self, filler: Filler, watcher: Watcher) -> None:
        self._filler, self._watcher = filler, watcher
        self._frames: list[NDArray[np.int64]] = []
        self._sent, self._sent_s = 0, 0.0

    def fill(
        self, codes: Codes, lo: int, free: NDArray[np.bool_], *, creativity: float, focus: float, seed: int
    ) -> Codes:
        """Grid with the free cells of the frames from `lo` on drawn again.

        Raises:
            AlleleError: E_CANCELLED if it was stopped.
        """
        self._watcher.report(0, codes[:, :0])
        whole = self._filler.fill(codes, lo, free, creativity=creativity, focus=focus, seed=seed, watch=self._take)
        if self._watcher.is_stopped():
            raise AlleleError("E_CANCELLED", "the drawing was stopped")
        return whole

    def surprise(self, codes: Codes, heard: int) -> NDArray[np.float32]:
        """Bits of each cell of `(Q, T)` codes after the first `heard` frames, `(Q, T - heard)`."""
        return self._filler.surprise(codes, heard)

    def _take(self, frame: NDArray[np.int64]) -> bool:
        self._frames.append(frame.copy())
        now_s = time.monotonic()
        if now_s - self._sent_s >= REPORT_S:
            self._watcher.report(self._sent, np.stack(self._frames[self._sent :], 1).astype(np.uint16))
            self._sent, self._sent_s = len(self._frames), now_s
        return not self._watcher.is_stopped()

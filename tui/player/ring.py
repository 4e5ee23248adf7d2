"""A preallocated ring of samples between the thread that receives and the callback that plays.

One writer, one reader, no lock: only the writer changes `written`, only the reader changes `read`, both only increase,
and each is a plain assignment. Invariant: 0 ≤ written - read ≤ capacity. Positions count from the first sample ever
written; only `position % capacity` is an index.
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


class Ring:
    """float32 samples, first in first out: `(L,)` of one channel, `(L, 2)` of two."""

    def __init__(self, capacity: int, channels: int = 1) -> None:
        self._data = np.zeros(capacity if channels == 1 else (capacity, channels), np.float32)
        self.capacity, self.channels = capacity, channels
        self.written = 0
        self.read = 0

    @property
    def queued(self) -> int:
        """The number of samples written and not yet read."""
        return self.written - self.read

    def write(self, pcm: Samples) -> int:
        """Append as much of `pcm` as fits and return the number of samples. Called by the writer only."""
        count = min(pcm.shape[0], self.capacity - self.queued)
        start = self.written % self.capacity
        first = min(count, self.capacity - start)
        self._data[start : start + first] = pcm[:first]
        self._data[: count - first] = pcm[first:count]
        self.written += count
        return count

    def copy_to(self, out: Samples) -> int:
        """Copy the oldest samples into `out` without consuming them and return their number. Reader only."""
        count = min(out.shape[0], self.queued)
        start = self.read % self.capacity
        first = min(count, self.capacity - start)
        out[:first] = self._data[start : start + first]
        out[first:count] = self._data[: count - first]
        return count

    def advance(self, count: int) -> None:
        """Consume samples. Called by the reader only."""
        self.read += min(count, self.queued)

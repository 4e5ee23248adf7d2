"""The array type of sound in memory, and a decoded part of a strand."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Samples at 48 kHz, full scale 1.0: `(L,)` for one channel, `(C, L)` for several."""

UNTOUCHED = np.zeros(0, np.float32)


class Decoded(NamedTuple):
    """Decoded frames of a strand, limited.

    Attributes:
        pcm: (L,) or (2, L).
        reduced_db: (T,), the largest reduction of each frame by the limiter, in dB; empty if nothing was reduced.
    """

    pcm: Audio
    reduced_db: NDArray[np.float32] = UNTOUCHED

    def at_gain(self, gain: float) -> "Decoded":
        """The same sound at a linear gain."""
        return self if gain == 1.0 else self._replace(pcm=self.pcm * np.float32(gain))

"""The one type of sound in memory."""

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Samples at 48 kHz, full scale 1.0: `(L,)` for one channel, `(C, L)` for several."""

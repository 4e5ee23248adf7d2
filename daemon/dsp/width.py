"""Stereo width: energy of half the channels' difference relative to that of half their sum. numpy only."""

import math

import numpy as np
from numpy.typing import NDArray

NARROWEST_DB = -120.0


def side_share_db(side: float, mid: float) -> float:
    """Energy of the side relative to the mid's, in dB, not below NARROWEST_DB."""
    return max(NARROWEST_DB, 10 * math.log10(max(side, 1e-20) / max(mid, 1e-12)))


def width_db(pair: NDArray[np.float32]) -> float:
    """Energy of the side relative to the mid's, in dB, of a `(2, L)` signal; not below NARROWEST_DB."""
    mid, side = (pair[0] + pair[1]).astype(np.float64) / 2, (pair[0] - pair[1]).astype(np.float64) / 2
    return side_share_db(float(side @ side), float(mid @ mid))

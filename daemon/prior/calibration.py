"""Fit the temperature of sampling: level 0 should repeat itself as often as in the recordings.

Too low a temperature makes drones, too high a one noise. Both show in how often level 0 keeps its code from one frame
to the next, so that rate is matched. Three short sequences are sampled at each temperature tried.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling, sample

COLDEST, HOTTEST = 0.8, 1.1
_SEEDS = (11, 12, 13)
_TRIES = 4


def repeat_rate(grids: Sequence[NDArray[np.integer]]) -> float:
    """Share of the frames of `(Q, T)` grids whose code of level 0 is that of the frame before."""
    same = sum(int((grid[0, 1:] == grid[0, :-1]).sum()) for grid in grids)
    return same / max(1, sum(grid.shape[1] - 1 for grid in grids))


def fitted_temperature(prior: Prior, wanted: float, frames: int) -> tuple[float, float]:
    """Temperature whose repeat rate is nearest to `wanted`, found by bisection; with that rate."""
    low, high = COLDEST, HOTTEST
    tried: list[tuple[float, float]] = []
    temperature = 1.0
    for _ in range(_TRIES):
        rate = repeat_rate(sample(prior, frames, _SEEDS, Sampling(temperature=temperature)))
        tried.append((temperature, rate))
        if rate > wanted:  # too many repeats: warmer
            low = temperature
        else:
            high = temperature
        temperature = (low + high) / 2
    best = min(tried, key=lambda one: abs(one[1] - wanted))
    return round(best[0], 3), best[1]

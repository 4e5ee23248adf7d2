"""Fit the temperature of sampling: level 0 should repeat itself as often as in the recordings.

Too low a temperature makes drones, too high a one noise. Both show in how often level 0 keeps its code from one frame
to the next, so that rate is matched. At each temperature tried, a few recordings are continued for a moment and
compared with the same recordings: a prior that begins with nothing makes other sounds, at another rate.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling, sample

COLDEST, HOTTEST = 0.8, 1.1
_TRIES = 4
_CONTINUED, _HEARD_FRAMES, _SAMPLED_FRAMES = 6, 96, 96


def repeat_rate(grids: Sequence[NDArray[np.integer]]) -> float:
    """Share of the frames of `(Q, T)` grids whose code of level 0 is that of the frame before."""
    same = sum(int((grid[0, 1:] == grid[0, :-1]).sum()) for grid in grids)
    return same / max(1, sum(grid.shape[1] - 1 for grid in grids))


def fitted_temperature(prior: Prior, grids: Sequence[NDArray[np.integer]]) -> tuple[float, float, float]:
    """Temperature whose repeat rate is nearest to that of recordings, found by bisection.

    Args:
        grids: the recordings, `(Q, T)` each.

    Returns:
        The temperature, the rate of what was sampled at it, and the rate of the recordings that were continued.
    """
    chosen = _spread(grids)
    wanted = repeat_rate(chosen)
    low, high = COLDEST, HOTTEST
    tried: list[tuple[float, float]] = []
    temperature = 1.0
    for _ in range(_TRIES):
        rate = repeat_rate([_continued(prior, grid, temperature, seed) for seed, grid in enumerate(chosen)])
        tried.append((temperature, rate))
        if rate > wanted:  # too many repeats: warmer
            low = temperature
        else:
            high = temperature
        temperature = (low + high) / 2
    best = min(tried, key=lambda one: abs(one[1] - wanted))
    return round(best[0], 3), best[1], wanted


def _spread(grids: Sequence[NDArray[np.integer]]) -> list[NDArray[np.integer]]:
    """A few recordings, those at even places of all frames."""
    until = np.cumsum([grid.shape[1] for grid in grids])
    places = (np.arange(_CONTINUED) + 0.5) / _CONTINUED * until[-1]
    return [grids[index] for index in sorted(set(np.searchsorted(until, places, side="right").tolist()))]


def _continued(prior: Prior, grid: NDArray[np.integer], temperature: float, seed: int) -> NDArray[np.integer]:
    """What a recording goes on with after its first half, or after `_HEARD_FRAMES` of it."""
    stop = max(1, grid.shape[1] // 2)
    heard = grid[:, max(0, stop - _HEARD_FRAMES) : stop]
    return sample(prior, _SAMPLED_FRAMES, [seed], Sampling(temperature=temperature), prompt=heard)[0]

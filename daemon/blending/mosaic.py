"""Rebuilds one sound from the frames of another.

The best sequence of frames is found exactly (A. Viterbi, 1967). Each frame costs its distance in sound, and a frame
that does not follow its predecessor costs a jump too. All jumps cost the same, so a step needs m comparisons, not m².
"""

import numpy as np
from numpy.typing import NDArray

from daemon.blending.vectors import Latents, level_sum
from daemon.codec.codec import Codec, Codes

ROWS = 256
STRAIGHT_ON = 1e6  # cost of a jump at continuity 1, in mean gains: jumps occur only where the other sound ends


def mosaic(codec: Codec, mine: Codes, theirs: Codes, *, top: int, continuity: float) -> NDArray[np.int32]:
    """For each frame of `mine`, the index of a frame of `theirs`: (q, n), (q, m) of levels [top, top + q) to (n,).

    Args:
        continuity: 0 always chooses the nearest frame. 0.5 jumps if that gains more than the nearest frame gains over a
            random one. 1 jumps only at the end of the other sound.
    """
    one, other = level_sum(codec, mine, top), level_sum(codec, theirs, top)
    sample = _costs(one[:: max(1, len(one) // ROWS)], other)
    gain = float((sample.mean(1) - sample.min(1)).mean())
    return _best_way(one, other, gain * min(continuity / max(1 - continuity, 1e-12), STRAIGHT_ON))


def _costs(one: Latents, other: Latents) -> NDArray[np.float64]:
    """Squared distances between all pairs of frames, (n, m)."""
    crossed = one @ other.T
    return np.maximum(np.square(one).sum(1)[:, None] + np.square(other).sum(1)[None] - 2.0 * crossed, 0.0)


def _best_way(one: Latents, other: Latents, jump: float) -> NDArray[np.int32]:
    count, choices = len(one), len(other)
    follows = np.zeros((count, choices), np.bool_)
    origins = np.zeros(count, np.int64)
    total, shifted = np.zeros(choices), np.full(choices, np.inf)
    costs = _costs(one[:ROWS], other)
    for row in range(count):
        if row and row % ROWS == 0:
            costs = _costs(one[row : row + ROWS], other)
        if row:
            origins[row] = total.argmin()
            shifted[1:] = total[:-1]
            leap = total[origins[row]] + jump
            follows[row] = shifted <= leap
            total = np.minimum(shifted, leap)
        total = total + costs[row % ROWS]
        total -= total.min()
    way = np.empty(count, np.int32)
    place = int(total.argmin())
    for row in range(count - 1, -1, -1):
        way[row] = place
        place = place - 1 if follows[row, place] else int(origins[row])
    return way

"""Aligns the frames of two sounds by dynamic time warping on the coarse vectors.

Reference: H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition", 1978. The
first frames are paired, and so are the last frames. Deviations: a small fixed cost for every step that is not diagonal,
so that equal sounds are paired frame by frame; and a small cost for leaving the straight line, so that a constant sound
is stretched evenly. Long sounds are warped in blocks of frames, so large that there are at most MOST_PAIRS pairs.
"""

import math

import numpy as np
from numpy.typing import NDArray

from daemon.blending.vectors import Latents, level_sum
from daemon.codec.codec import Codec, Codes

MOST_PAIRS = 1 << 22  # 2048 frames against 2048, 44 s: a fifth of a second
SIDESTEP = 0.1  # cost of a step that is not diagonal, in mean distances
DRIFT = 0.2  # cost of a pair that is a whole length away from the straight line, in mean distances
_DIAGONAL, _DOWN, _RIGHT = 0, 1, 2


def align(codec: Codec, mine: Codes, theirs: Codes) -> NDArray[np.int32]:
    """For each frame of `mine`, the index of its frame in `theirs`: codes (Q, n), (Q, m) to (n,), non-decreasing."""
    coarse = max(1, codec.config.levels // 4)
    one, other = (level_sum(codec, codes[:coarse], 0) for codes in (mine, theirs))
    block = max(1, math.ceil(math.sqrt(len(one) * len(other) / MOST_PAIRS)))
    warp = _warp(_pooled(one, block), _pooled(other, block))
    places = np.interp((np.arange(len(one)) + 0.5) / block - 0.5, np.arange(len(warp)), warp)
    frames = np.floor((places + 0.5) * block).astype(np.int32)
    return np.maximum.accumulate(np.clip(frames, 0, len(other) - 1))


def _pooled(latents: Latents, block: int) -> Latents:
    starts = np.arange(0, len(latents), block)
    counts = np.diff(np.append(starts, len(latents)))
    return (np.add.reduceat(latents, starts, axis=0) / counts[:, None]).astype(np.float32)


def _warp(one: Latents, other: Latents) -> NDArray[np.float64]:
    """The mean position in `other` that the best path pairs with each row of `one`."""
    distances = _distances(one, other)
    mean = float(distances.mean()) + 1e-6
    off = np.linspace(0, 1, len(one))[:, None] - np.linspace(0, 1, len(other))[None]
    moves = _moves(distances + (DRIFT * mean * np.abs(off)).astype(np.float32), SIDESTEP * mean)
    row, column = len(one) - 1, len(other) - 1
    sums, counts = np.zeros(len(one)), np.zeros(len(one))
    while True:
        sums[row] += column
        counts[row] += 1
        if row == column == 0:
            return sums / counts
        move = moves[row, column]
        row -= move != _RIGHT
        column -= move != _DOWN


def _distances(one: Latents, other: Latents) -> NDArray[np.float32]:
    centre = (one.sum(0) + other.sum(0)) / (len(one) + len(other))
    one, other = one - centre, other - centre
    squares = np.square(one).sum(1)[:, None] + np.square(other).sum(1)[None] - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0))


def _moves(distances: NDArray[np.float32], price: float) -> NDArray[np.uint8]:
    """The last step of the best path to every pair, computed one antidiagonal after another."""
    rows, columns = distances.shape
    moves = np.full((rows, columns), _DIAGONAL, np.uint8)
    before, last = np.full(rows + 1, np.inf), np.full(rows + 1, np.inf)  # by row plus one: [0] is outside the grid
    flat, flat_moves = distances.reshape(-1), moves.reshape(-1)
    for diagonal in range(rows + columns - 1):
        low, high = max(0, diagonal - columns + 1), min(diagonal, rows - 1) + 1
        # Pair (row, diagonal - row) has the index row * columns + diagonal - row.
        places = np.arange(low, high) * (columns - 1) + diagonal
        steps = np.stack([before[low:high], last[low:high] + price, last[low + 1 : high + 1] + price])
        if diagonal == 0:
            steps[:] = 0
        best = steps.argmin(0)
        current = np.full(rows + 1, np.inf)
        current[low + 1 : high + 1] = flat[places] + steps[best, np.arange(high - low)]
        flat_moves[places] = best
        before, last = last, current
    return moves

"""Changes cells at random to codes near them.

Every cell has two random numbers: one decides whether it changes, and one selects the neighbour. The same seed with a
higher strength therefore changes the same cells to the same codes, and others too.

The share of cells that change is the square root of the strength, because a sound is already clearly another one when a
third of its cells changed: so the weakest mutation that is used, 0.1, is audible, and 0.1, 0.3 and 0.6 are evenly apart
(scripts/bench/bench_edits.py).
"""

import math

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes

ROWS = 1 << 22  # distances in memory at once: 16 MiB
NEAR_SHARE = 3 / 8  # of a level's codes, those nearest to a cell's own, to which it may go


def mutate(codec: Codec, codes: Codes, *, top: int, strength: float, seed: int) -> Codes:
    """Change each cell with probability √strength to one of its nearest codes, all with the same probability.

    Args:
        codes: (q, T), levels [top, top + q).
        strength: 0 to 1.

    Returns:
        (q, T) uint16.
    """
    random = np.random.default_rng(seed)
    decides, chooses = random.random((2, *codes.shape))
    size = codec.config.codebook_size
    near = max(1, round(NEAR_SHARE * (size - 1)))
    after = codes.copy()
    for row, level in enumerate(range(top, top + len(codes))):
        changed = decides[row] < math.sqrt(strength)
        present, which = np.unique(codes[row, changed], return_inverse=True)
        neighbours = _nearest(codec.codebook_vectors(level), present, near)
        after[row, changed] = neighbours[which, (chooses[row, changed] * near).astype(np.int64)]
    return after


def _nearest(vectors: NDArray[np.float32], codes: Codes, count: int) -> Codes:
    """The `count` codes nearest to each of the given codes, except itself, (n, count), nearest first."""
    squares = np.square(vectors).sum(1)
    found = np.empty((len(codes), count), np.uint16)
    step = max(1, ROWS // len(vectors))
    for lo in range(0, len(codes), step):
        chunk = codes[lo : lo + step].astype(np.int64)
        distances = squares[None] - 2 * vectors[chunk] @ vectors.T
        distances[np.arange(len(chunk)), chunk] = np.inf
        found[lo : lo + step] = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return found

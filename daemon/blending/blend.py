"""Blends two sounds frame by frame, by mixing their vectors and never their code numbers.

The sum of a frame's vectors is interpolated and quantised again on every level, so that the result consists of codes
that the decoder was trained on. The mean of two code numbers would be an unrelated third sound.
"""

import numpy as np

from daemon.blending.vectors import level_sum
from daemon.codec.codec import Codec, Codes


def blend(codec: Codec, mine: Codes, theirs: Codes, *, top: int, amount: float, by_levels: bool) -> Codes:
    """Compute cells between two grids of the same shape.

    Args:
        mine, theirs: (q, T), levels [top, top + q).
        amount: how far to go, 0 to 1.
        by_levels: the finer a level, the farther its vectors are ahead on the way: the first one is at `amount`, the
            last one at twice that. Otherwise all levels are at `amount`.

    Returns:
        (q, T) uint16. Frames whose cells are the same on both sides are not changed.
    """
    mixed = (1 - amount) * level_sum(codec, mine, top) + amount * level_sum(codec, theirs, top)
    if by_levels:
        for row in range(1, len(mine)):
            ahead = min(1.0, amount * (1 + row / (len(mine) - 1))) - amount
            one, other = (level_sum(codec, codes[row : row + 1], top + row) for codes in (mine, theirs))
            mixed += ahead * (other - one)
    after = codec.quantize_levels(mixed.astype(np.float32), range(top, top + len(mine)))
    return np.where((mine == theirs).all(0), mine, after).astype(np.uint16)

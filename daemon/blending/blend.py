"""Blends two sounds frame by frame, by mixing their vectors and never their code numbers.

The sum of a frame's vectors is interpolated and quantised again on every level, so that the result consists of codes
that the decoder was trained on. The mean of two code numbers would be an unrelated third sound.
"""

import numpy as np

from daemon.blending.vectors import level_sum
from daemon.codec.codec import Codec, Codes


def blend(codec: Codec, mine: Codes, theirs: Codes, *, top: int, amount: float, kept: int) -> Codes:
    """Compute cells between two grids of the same shape.

    Args:
        mine, theirs: (q, T), levels [top, top + q).
        amount: how far to go, 0 to 1.
        kept: −1 mixes all levels. Otherwise the first `kept` levels are those of `mine`, and the codes of the others
            are chosen so that the sum is nearest to that of `theirs`.

    Returns:
        (q, T) uint16. Frames whose cells are the same on both sides are not changed.
    """
    other = level_sum(codec, theirs, top)
    if kept < 0:
        mixed = (1 - amount) * level_sum(codec, mine, top) + amount * other
        after = codec.quantize_levels(mixed.astype(np.float32), range(top, top + len(mine)))
    else:
        residual = other - level_sum(codec, mine[:kept], top)
        after = np.concatenate([mine[:kept], codec.quantize_levels(residual, range(top + kept, top + len(mine)))])
    return np.where((mine == theirs).all(0), mine, after).astype(np.uint16)

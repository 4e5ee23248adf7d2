"""Between two sounds, frame by frame: vectors are mixed, code numbers never are.

The sum of a frame's vectors is interpolated and quantised again through every level, so the result is one the decoder
knows. The mean of two code numbers would be a third sound that has nothing to do with either.
"""

import numpy as np

from daemon.blending.vectors import level_sum
from daemon.codec.codec import Codec, Codes


def blend(codec: Codec, mine: Codes, theirs: Codes, *, top: int, amount: float, kept: int) -> Codes:
    """Cells between two grids of the same shape.

    Args:
        mine, theirs: (q, T), levels [top, top + q).
        amount: how far to go, 0 to 1.
        kept: −1 mixes all levels. Otherwise the first `kept` levels stay mine, and the others are found anew as what
            brings the sum nearest to theirs.

    Returns:
        (q, T) uint16. Frames whose cells are the same on both sides stay as they are.
    """
    other = level_sum(codec, theirs, top)
    if kept < 0:
        mixed = (1 - amount) * level_sum(codec, mine, top) + amount * other
        after = codec.quantize_levels(mixed.astype(np.float32), range(top, top + len(mine)))
    else:
        residual = other - level_sum(codec, mine[:kept], top)
        after = np.concatenate([mine[:kept], codec.quantize_levels(residual, range(top + kept, top + len(mine)))])
    return np.where((mine == theirs).all(0), mine, after).astype(np.uint16)

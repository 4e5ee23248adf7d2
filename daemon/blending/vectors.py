"""The sum of the vectors of some levels, which is their part of the latent."""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes

Latents = NDArray[np.float32]


def level_sum(codec: Codec, codes: Codes, top: int) -> Latents:
    """Add the vectors of levels [top, top + q): codes (q, T) to (T, D).

    Raises:
        CodecError: codes or levels that the codec does not have.
    """
    grid = np.zeros((codec.config.levels, codes.shape[1]), np.uint16)
    grid[top : top + len(codes)] = codes
    return codec.dequantize(grid, levels=range(top, top + len(codes)))

"""Makes a sound longer or shorter without repeating frames: new frames lie between the old ones.

The sum of a frame's vectors is interpolated in time and quantised again, level by level. A frame that falls on an old
one keeps its codes. Longer sounds begin with their first frame, so every old frame that is hit exactly stays as it is,
attacks among them. In shorter sounds each new frame stands in the middle of the old ones that it replaces.
"""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes

BLOCK_FRAMES = 4096  # 87 s; a block is what is in memory at once


def stretch(codec: Codec, codes: Codes, *, frames: int) -> Codes:
    """Give a sound another length: codes (Q, T) of all levels to (Q, frames)."""
    places = positions(codes.shape[1], frames)
    after = np.empty((len(codes), frames), np.uint16)
    for lo in range(0, frames, BLOCK_FRAMES):
        here = places[lo : lo + BLOCK_FRAMES]
        after[:, lo : lo + BLOCK_FRAMES] = _between(codec, codes, here)
    return after


def positions(have: int, want: int) -> NDArray[np.floating]:
    """The place of each of `want` frames between `have` old ones, (want,), from 0 to have − 1."""
    places = np.arange(want, dtype=np.float64) * (have / want)
    return np.clip(places if want >= have else places + (have / want - 1) / 2, 0, have - 1)


def _between(codec: Codec, codes: Codes, places: NDArray[np.floating]) -> Codes:
    lower = np.floor(places).astype(np.int64)
    first, past = int(lower[0]), min(codes.shape[1], int(lower[-1]) + 2)
    latents = codec.dequantize(codes[:, first:past])
    share = (places - lower).astype(np.float32)[:, None]
    one, other = lower - first, np.minimum(lower - first + 1, past - first - 1)
    mixed = ((1 - share) * latents[one] + share * latents[other]).astype(np.float32)
    same = (codes[:, lower] == codes[:, other + first]).all(0) | (share[:, 0] < 1e-6)
    return np.where(same, codes[:, lower], codec.quantize_levels(mixed, range(len(codes)))).astype(np.uint16)

"""Lookahead limiter: reduce samples over full scale smoothly instead of clipping them in an integer file.

A sample x over the ceiling c needs a gain of c/|x|. The gain applied is the smallest one needed within
`LOOKAHEAD` samples, averaged over a Hann window of the same reach. Every value averaged at a sample is
at most the gain that the sample needs, so no sample stays over the ceiling and the gain has no step.

Samples more than `2 * LOOKAHEAD` away from any sample over full scale are unchanged.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

CEILING = 10 ** (-0.1 / 20)  # leaves room for the dither and for a converter's reconstruction
LOOKAHEAD = 240  # 5 ms at 48 kHz
PIECE = 1 << 16


class Limited(NamedTuple):
    """A limited sound and how much it was reduced."""

    audio: NDArray[np.float32]
    over_samples: int
    """Number of samples over full scale in either channel."""
    most_db: float
    """Largest reduction, dB; 0.0 when nothing was over."""
    gain: NDArray[np.float32] | None = None
    """The gain of each sample, `(L,)`; None when nothing was over."""


def limit(audio: NDArray[np.float32]) -> Limited:
    """Bring `(L,)` or `(2, L)` float32 under full scale; audio that is under it already is returned unchanged.

    Two channels share the gain of the louder one, so that the stereo image does not move.
    """
    level = np.abs(audio) if audio.ndim == 1 else np.abs(audio).max(axis=0)
    over = level > 1.0
    count = int(np.count_nonzero(over))
    if not count:
        return Limited(audio, 0, 0.0)
    out, gains = audio.copy(), np.ones(level.size, np.float32)
    for lo in range(0, level.size, PIECE):
        hi = min(level.size, lo + PIECE)
        start, stop = max(0, lo - 2 * LOOKAHEAD), min(level.size, hi + 2 * LOOKAHEAD)
        if over[start:stop].any():
            gains[lo:hi] = _gain(level[start:stop])[lo - start : hi - start]
            out[..., lo:hi] *= gains[lo:hi]
    return Limited(out, count, -20 * float(np.log10(gains.min())), gains)


def _gain(piece: NDArray[np.float32]) -> NDArray[np.float32]:
    level = torch.from_numpy(piece)
    needed = torch.where(level > 1.0, CEILING / level.clamp_min(1e-9), torch.ones_like(level))
    lowest = -F.max_pool1d(-needed[None, None], 2 * LOOKAHEAD + 1, stride=1, padding=LOOKAHEAD)
    window = torch.hann_window(2 * LOOKAHEAD + 3, periodic=False)[1:-1]
    padded = F.pad(lowest, (LOOKAHEAD, LOOKAHEAD), mode="replicate")
    gain = F.conv1d(padded, (window / window.sum())[None, None])[0, 0]
    return torch.where(gain > 1 - 1e-5, 1.0, gain).numpy()  # a sum of weights is not exactly one

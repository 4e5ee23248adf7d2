"""Reduce bit depth without distortion by triangular dither before rounding.

References: S. Lipshitz, R. Wannamaker, J. Vanderkooy, "Quantization and dither", JAES 40 (5), 1992:
the sum of two uniform variables of one step each makes the error's mean and power independent of
the signal.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Place(NamedTuple):
    """Where a part begins in the whole sound, and the samples of the whole."""

    first: int
    whole: int


def to_pcm(audio: NDArray[np.float32], bits: int, *, seed: int = 0, place: Place | None = None) -> NDArray[np.int32]:
    """Round to `bits`-bit integers with triangular dither; exact zeros stay zero.

    Shape: any, samples first; the result's values fit `bits` bits, clipped at full scale.

    Args:
        bits: 8 to 24.
        seed: the same seed gives the same dither, so a render can be repeated byte for byte.
        place: of a part of a sound, which gets the dither that it has in the whole.
    """
    if not 8 <= bits <= 24:
        raise ValueError(f"cannot dither to {bits} bits: 8 to 24")
    scale = float(1 << (bits - 1))
    width = int(np.prod(audio.shape[1:]))
    first, whole = place or Place(0, len(audio))
    one = _uniform(seed, first * width, audio.size)
    noise = (one - _uniform(seed, (whole + first) * width, audio.size)).reshape(audio.shape)
    scaled = audio.astype(np.float64) * scale
    dithered = np.where(audio == 0, 0.0, scaled + noise)
    return np.clip(np.rint(dithered), -scale, scale - 1).astype(np.int32)


def _uniform(seed: int, skipped: int, count: int) -> NDArray[np.float32]:
    """Return numbers of a random sequence from one of them on. The generator makes two of them at a time."""
    source = np.random.PCG64(seed)
    source.advance(skipped // 2)
    return np.random.Generator(source).random(skipped % 2 + count, np.float32)[skipped % 2 :]

"""Reduce bit depth without distortion by triangular dither before rounding.

References: S. Lipshitz, R. Wannamaker, J. Vanderkooy, "Quantization and dither", JAES 40 (5), 1992:
the sum of two uniform variables of one step each makes the error's mean and power independent of
the signal.
"""

import numpy as np
from numpy.typing import NDArray


def to_pcm(audio: NDArray[np.float32], bits: int, *, seed: int = 0) -> NDArray[np.int32]:
    """Round to `bits`-bit integers with triangular dither; exact zeros stay zero.

    Shape: any; the result's values fit `bits` bits, clipped at full scale.

    Args:
        bits: 8 to 24.
        seed: the same seed gives the same dither, so a render can be repeated byte for byte.
    """
    if not 8 <= bits <= 24:
        raise ValueError(f"cannot dither to {bits} bits: 8 to 24")
    scale = float(1 << (bits - 1))
    random = np.random.default_rng(seed)
    noise = random.random(audio.shape, np.float32) - random.random(audio.shape, np.float32)
    scaled = audio.astype(np.float64) * scale
    dithered = np.where(audio == 0, 0.0, scaled + noise)
    return np.clip(np.rint(dithered), -scale, scale - 1).astype(np.int32)

"""Gain of a clip before encoding. Training and inference share it, so both see the same samples."""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs

LARGEST_GAIN_DB = 40.0


def clip_gain_db(audio: NDArray[np.float32], config: CodecConfig) -> float:
    """Gain in dB that brings a clip, `(L,)` or `(2, L)`, towards the codec's reference loudness."""
    return gain_for_loudness_db(integrated_lufs(audio), config)


def gain_for_loudness_db(loudness_lufs: float, config: CodecConfig) -> float:
    """Gain in dB for a loudness already measured, such as that of the corpus index.

    Silence, at or below the -70 LUFS gate, gets 0 dB: raising it would only raise noise.
    """
    if loudness_lufs <= SILENCE_LUFS:
        return 0.0
    distance = config.loudness_strength * (config.reference_lufs - loudness_lufs)
    # Rounded to hundredths of a dB as in the corpus index, so that both paths give the same samples.
    return round(max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, distance)), 2)

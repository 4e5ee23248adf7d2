"""The gain a clip is given before it is encoded; the same function for training and inference."""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs

LARGEST_GAIN_DB = 40.0


def clip_gain_db(audio: NDArray[np.float32], config: CodecConfig) -> float:
    """Gain in dB that brings a clip, `(L,)` or `(2, L)`, towards the codec's reference loudness."""
    return gain_for_loudness_db(integrated_lufs(audio), config)


def gain_for_loudness_db(loudness_lufs: float, config: CodecConfig) -> float:
    """The same, for a loudness already measured (the corpus index has it).

    Silence, at or below the -70 LUFS gate, is left alone: there is only noise to bring up.
    """
    if loudness_lufs <= SILENCE_LUFS:
        return 0.0
    distance = config.loudness_strength * (config.reference_lufs - loudness_lufs)
    # Hundredths of a dB, as the corpus index keeps them: both paths give the same samples.
    return round(max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, distance)), 2)

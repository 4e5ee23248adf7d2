"""Shape and checks of the clips that a codec encodes: `(L,)` in mono, `(2, L)`, left and right, in stereo."""

import functools

import numpy as np
from numpy.typing import NDArray

from daemon.codec.errors import CodecError
from daemon.dsp.audio import Audio

Gains = NDArray[np.float32]

# Sound that begins at full level in sample 0 is a click: it alone caused up to -43 dB of energy above 20 kHz.
# This fade of 0.7 ms removes it.
FADE_IN_SAMPLES = 32


def fitting(audio: Audio, channels: int) -> Audio:
    """Bring a clip into the shape of a codec with `channels` channels; a stereo codec gets a mono clip twice.

    Raises:
        CodecError: the clip has two channels for a mono codec or another shape, is empty or is not finite.
    """
    signal = np.ascontiguousarray(audio, np.float32)
    if signal.ndim == 1 and channels == 2:
        signal = np.stack([signal, signal])
    if signal.shape[:-1] != (() if channels == 1 else (2,)) or signal.size == 0:
        wanted = "a mono clip" if channels == 1 else "a clip of one or two channels"
        raise CodecError(f"{wanted} of at least one sample is needed, not {audio.shape}.")
    if not np.isfinite(signal).all():
        raise CodecError("the clip holds values that are not numbers.", "Export it again.")
    return signal


@functools.lru_cache(maxsize=1)
def fade_in() -> Audio:
    """Raised-cosine ramp that multiplies the very first samples of a decode."""
    ramp = (np.arange(FADE_IN_SAMPLES, dtype=np.float32) + 0.5) / FADE_IN_SAMPLES
    return (0.5 - 0.5 * np.cos(np.pi * ramp)).astype(np.float32)


def gains_of(gain_db: float | Gains, frames: int) -> Gains:
    """Linear gain of every frame, `(frames,)` float32, from one gain in dB or from one for each frame.

    Raises:
        CodecError: there are gains of another number of frames.
    """
    decibels = np.asarray(gain_db, np.float64)
    if decibels.shape not in ((), (frames,)):
        raise CodecError(f"{frames} frames have {frames} gains, not {decibels.shape}.")
    return np.broadcast_to(10 ** (decibels / 20), (frames,)).astype(np.float32)

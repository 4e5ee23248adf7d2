"""Clips as a codec takes and gives them: `(L,)` in mono, `(2, L)`, left and right, in stereo."""

import functools

import numpy as np

from daemon.codec.errors import CodecError
from daemon.dsp.audio import Audio

# Sound that begins at full level in sample 0 is a click: up to -43 dB of energy above 20 kHz was measured
# from it alone, and none with this fade of 0.7 ms.
FADE_IN_SAMPLES = 32


def fitting(audio: Audio, channels: int) -> Audio:
    """A clip in the shape of a codec of so many channels; one channel becomes two that are equal.

    Raises:
        CodecError: two channels for a mono codec, another shape, empty, or not finite.
    """
    signal = np.ascontiguousarray(audio, np.float32)
    if signal.ndim == 1 and channels == 2:
        signal = np.stack([signal, signal])
    if signal.shape[:-1] != (() if channels == 1 else (2,)) or signal.size == 0:
        wanted = "a mono clip" if channels == 1 else "a clip of one or two channels"
        raise CodecError(f"{wanted} of at least one sample is wanted, not {audio.shape}.")
    if not np.isfinite(signal).all():
        raise CodecError("the clip holds values that are not numbers.", "Export it again.")
    return signal


@functools.lru_cache(maxsize=1)
def fade_in() -> Audio:
    """What the very first samples of a decode are multiplied by."""
    ramp = (np.arange(FADE_IN_SAMPLES, dtype=np.float32) + 0.5) / FADE_IN_SAMPLES
    return (0.5 - 0.5 * np.cos(np.pi * ramp)).astype(np.float32)

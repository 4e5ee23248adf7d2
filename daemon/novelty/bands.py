"""The level of a sound in frequency bands over time, in dB: what novelty compares.

A frame of levels is taken every 20 ms. The bands end where lossy formats begin to leave sound out, because a recording
that went through MP3 is still a copy of itself.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.audio import Audio
from protocol.units import SAMPLE_RATE_HZ

BANDS = 20
STEP_SAMPLES = 960
"""20 ms between two frames of levels."""
TOP_HZ = 14_000.0
SILENCE_DB = -120.0
_WINDOW = 2048
_FRAMES_AT_ONCE = 4096

Levels = NDArray[np.float32]
"""`(N, BANDS)`, in dB."""


@functools.cache
def _triangles() -> NDArray[np.float32]:
    """Triangular bands, equally spaced on the mel scale from 0 Hz to TOP_HZ: `(BANDS, bins)`."""
    top = 2595 * np.log10(1 + TOP_HZ / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)
    slopes = edges_hz[:, None] - bins_hz
    widths = np.diff(edges_hz)[:, None]
    bands = np.minimum(-slopes[:-2] / widths[:-1], slopes[2:] / widths[1:])
    return np.maximum(bands, 0).astype(np.float32)


def band_levels(audio: Audio, skip: int = 0) -> Levels:
    """Levels in dB of a sound from sample `skip` on, every 20 ms: `(L,)` or `(C, L)` to `(N, BANDS)`.

    The power of both channels of a stereo sound is added, so that opposite phases do not cancel. Frame n is centred on
    the middle of its 20 ms.
    """
    channels = np.atleast_2d(audio)[:, skip:]
    frames = -(-channels.shape[1] // STEP_SAMPLES)
    levels = np.empty((frames, BANDS), np.float32)
    before = (_WINDOW - STEP_SAMPLES) // 2
    padded = np.pad(channels, ((0, 0), (before, _WINDOW)))
    hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    for first in range(0, frames, _FRAMES_AT_ONCE):
        count = min(_FRAMES_AT_ONCE, frames - first)
        part = padded[:, first * STEP_SAMPLES : (first + count - 1) * STEP_SAMPLES + _WINDOW]
        cut = np.lib.stride_tricks.sliding_window_view(part, _WINDOW, axis=1)[:, ::STEP_SAMPLES]
        spectrum = np.fft.rfft(cut * hann, axis=-1)
        power = (spectrum.real**2 + spectrum.imag**2).sum(0).astype(np.float32)
        banded = power @ _triangles().T / hann.sum() ** 2
        levels[first : first + count] = 10 * np.log10(np.maximum(banded, 10 ** (SILENCE_DB / 10)))
    return levels

"""Estimates the tempo of a loop: tempos at which its length is a whole number of beats, the likeliest first.

Data flow: how much begins at each moment (`daemon.dsp.onsets`) is compared with itself, one to four beats later, going
round at the end as a loop does. Tempos near those of most music, and lengths of whole bars, are preferred, which
decides between a tempo and its double. A sound that is no loop gets candidates too, but none of them is right.
"""

import math

import numpy as np
import numpy.typing as npt

from daemon.dsp.audio import Audio
from daemon.dsp.onsets import HOP_S, Times, onset_strength

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
OFFERED = 4

_USUAL_BPM, _OCTAVES = 112.0, 0.55
_COMPRESSION = 0.5  # of the strength: a loud snare is not everything
_SMOOTH_S = 0.02
_LAGS = (1, 2, 4)  # beats


def tempo_candidates(audio: Audio, sample_rate: int) -> list[float]:
    """Estimate the tempo of a loop.

    Args:
        audio: one channel, `(L,)` float32.
        sample_rate: samples in a second, at least 8000.

    Returns:
        At most `OFFERED` tempos in beats a minute, the likeliest first. None if the sound is silent or shorter than a
        beat.
    """
    strength = onset_strength(audio, sample_rate)
    seconds = len(audio) / sample_rate
    if not strength.any():
        return []
    likeness = _likeness(strength)
    beats = range(max(1, math.ceil(seconds * SLOWEST_BPM / 60)), math.floor(seconds * FASTEST_BPM / 60) + 1)
    scores = {60 * count / seconds: _score(count, seconds, likeness) for count in beats}
    return sorted(scores, key=lambda bpm: -scores[bpm])[:OFFERED]


def _likeness(strength: Times) -> npt.NDArray[np.float64]:
    """Circular autocorrelation of the strength without its mean, 1 at lag 0."""
    width = round(_SMOOTH_S / HOP_S)
    smooth = np.convolve(strength**_COMPRESSION, np.hanning(2 * width + 1), mode="same")
    spectrum = np.fft.rfft(smooth - smooth.mean())
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, len(smooth))
    return correlation / max(float(correlation[0]), 1e-12)


def _score(count: int, seconds: float, likeness: npt.NDArray[np.float64]) -> float:
    """How likely a loop is to have so many beats."""
    beat_s = seconds / count
    lags = [lag for lag in _LAGS if lag < count] or [1]
    alike = float(np.mean([likeness[round(lag * beat_s / HOP_S) % len(likeness)] for lag in lags]))
    octaves = math.log2(60 / beat_s / _USUAL_BPM) / _OCTAVES
    whole = 1.0 if count % 4 == 0 else 0.8 if count % 2 == 0 else 0.5
    return (0.3 + max(alike, 0)) * whole * math.exp(-0.5 * octaves**2)

"""Onsets: the moments at which something in a sound begins.

Method: S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection", 2013 (superflux), equations 2
and 3, on 60 logarithmic bands every 5 ms: how far each band rises above the largest of itself and its neighbours 10 ms
before. Differences: bands are in dB below the loudest, so that gain has no effect; the threshold is fixed plus a share
of the sound's own high values, measured by `scripts/bench/bench_onsets.py`; and each moment is moved from the frame to
the steepest rise of the waveform near it.

The functions use numpy only and read no files. Silence and sounds shorter than a window have no onsets.
"""

import functools

import numpy as np
import numpy.typing as npt

from daemon.dsp.audio import Audio

HOP_S = 0.005
NEAREST_S = 0.030
"""Onsets nearer to each other than this are one."""

_WINDOW_S = 0.03  # shorter ones see more onsets in noise and beating tones
_BANDS, _LOW_HZ, _HIGH_HZ = 60, 40.0, 16_000.0
_FLOOR_DB = -70.0  # below the loudest band
_LAG = 2  # frames
_THRESHOLD_DB, _PERCENTILE, _SHARE = 1.6, 97, 0.05
_RISE_S, _SEARCH_S = 0.003, 0.020
_END_S = 0.020  # a sound that is cut off at its end clicks there

Times = npt.NDArray[np.float64]


def find_onsets(audio: Audio, sample_rate: int) -> Times:
    """Find the onsets of a sound.

    Args:
        audio: one channel, `(L,)` float32.
        sample_rate: samples in a second, at least 8000.

    Returns:
        Seconds from the start of the sound, rising, `(n,)`. A sound that begins at once has an onset at its start.
    """
    flux = onset_strength(audio, sample_rate)
    if not flux.any():
        return np.zeros(0)
    threshold = _THRESHOLD_DB + _SHARE * float(np.percentile(flux, _PERCENTILE))
    peaks = _peaks(flux, threshold)
    peaks = peaks[peaks * HOP_S < len(audio) / sample_rate - _END_S]
    moments = [_refined(audio, sample_rate, frame * HOP_S) for frame in peaks]
    return _apart(np.array(moments), flux[peaks])


def onset_strength(audio: Audio, sample_rate: int) -> Times:
    """Measure how much begins at each moment: mean rise of the bands in dB, every `HOP_S` seconds, `(frames,)`."""
    window = round(_WINDOW_S * sample_rate)
    count = int(len(audio) / sample_rate / HOP_S) + 1
    if len(audio) < window or not np.any(audio):
        return np.zeros(count)
    # Silence comes before the sound, so that its beginning is a rise. Its end is reflected, so that it is none.
    padded = np.pad(np.pad(audio.astype(np.float32), (window, 0)), (0, window), mode="reflect")
    centres = np.rint(np.arange(-_LAG, count) * HOP_S * sample_rate).astype(np.intp)
    starts = np.maximum(centres + window - window // 2, 0)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[starts]
    power = np.abs(np.fft.rfft(frames * np.hanning(window).astype(np.float32))) ** 2
    bands = power @ _bands(window, sample_rate)
    level = 10 * np.log10(np.maximum(bands / bands.max(), 10 ** (_FLOOR_DB / 10)))
    widest = np.maximum(level, np.maximum(np.roll(level, 1, 1), np.roll(level, -1, 1)))
    widest[:, 0], widest[:, -1] = level[:, :2].max(1), level[:, -2:].max(1)
    rise = level[_LAG:] - widest[:-_LAG]
    return np.maximum(rise, 0).mean(1)


def _peaks(flux: Times, threshold: float) -> npt.NDArray[np.intp]:
    """Frames whose value is above the threshold and the largest within `NEAREST_S` on either side."""
    reach = round(NEAREST_S / HOP_S)
    padded = np.pad(flux, reach)
    largest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    return np.flatnonzero((flux >= threshold) & (flux == largest))


def _refined(audio: Audio, sample_rate: int, at_s: float) -> float:
    """The moment near `at_s` at which the waveform rises most: the logarithm of its energy after and before."""
    reach, length = round(_SEARCH_S * sample_rate), round(_RISE_S * sample_rate)
    middle = round(at_s * sample_rate)
    first = middle - reach
    piece = np.zeros(2 * reach + 2 * length)
    source = audio[max(0, first - length) : max(0, middle + reach + length)]
    offset = max(0, length - first)
    piece[offset : offset + len(source)] = source.astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(np.diff(piece, prepend=piece[0]) ** 2)])
    after = energy[2 * length :] - energy[length:-length]
    earlier = energy[length:-length] - energy[: -2 * length]
    floor = 1e-4 * energy[-1] + 1e-12
    rises = np.log((after + floor) / (earlier + floor)) * np.sqrt(after + floor)
    return min(max(0, first + int(np.argmax(rises))), len(audio) - 1) / sample_rate


def _apart(moments: Times, strengths: Times) -> Times:
    """The moments in order. Of two that are nearer than `NEAREST_S` the stronger one is kept."""
    kept: list[float] = []
    for place in np.argsort(-strengths, kind="stable"):
        moment = float(moments[place])
        if all(abs(moment - other) >= NEAREST_S for other in kept):
            kept.append(moment)
    return np.array(sorted(kept))


@functools.lru_cache(maxsize=4)
def _bands(window: int, sample_rate: int) -> npt.NDArray[np.float32]:
    """Triangular bands `(bins, 60)`, evenly spaced in octaves; each is at least as wide as two bins."""
    hz = np.fft.rfftfreq(window, 1 / sample_rate)
    high = min(_HIGH_HZ, 0.45 * sample_rate)
    edges = np.geomspace(_LOW_HZ, high, _BANDS + 2)
    width = hz[1]
    centres = edges[1:-1]
    low, top = np.minimum(edges[:-2], centres - width), np.maximum(edges[2:], centres + width)
    rising = (hz[:, None] - low) / (centres - low)
    falling = (top - hz[:, None]) / (top - centres)
    return np.clip(np.minimum(rising, falling), 0, 1).astype(np.float32)

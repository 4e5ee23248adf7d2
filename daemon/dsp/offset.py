"""Find the DC offset of a recording and remove it with a slow high-pass.

The mean of a short sound is not an offset: a saturated drum hit is asymmetric while it is loud and ends at zero, and
removing its mean would end it in a step. A recording is therefore analysed in blocks of 20 ms. Its offset is the mean
common to its quiet blocks, 30 dB below the loudest. Without quiet blocks, it is the mean common to half-second
stretches of a recording of a second or more. Shorter sounds without a quiet moment, and sounds under three seconds that
end at zero, are left unchanged, because their own asymmetry cannot be distinguished from an offset.

The high-pass removes the slow baseline: block means, smoothed by a Hann window of two seconds (zero phase; it keeps
half the amplitude at 0.5 Hz and all of it from 1 Hz) and interpolated. Louder blocks have less weight, as in normalised
convolution, so that the baseline is that of the pauses and a hit leaves no dent around it. Digital silence before and
after the sound stays silent. numpy only.

References: H. Knutsson and C.-F. Westin, "Normalized and differential convolution", 1993, for the weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 0.01
"""Smallest offset that is removed, -40 dBFS. A converter's own offset lies far below."""
_BLOCKS_S = 50
"""Blocks per second; mains hum, at 50 or 60 Hz, has a whole number of periods in one or in three blocks."""
_QUIET = 10 ** (-30 / 20)
_QUIET_FLOOR = 0.005
_FEWEST_QUIET, _LEAST_QUIET_SHARE = 3, 0.02
_LONG_BLOCKS, _STRETCH_BLOCKS = 50, 25
_SURELY_LONG_BLOCKS, _WANDERING_BLOCKS = 150, 500
_END_SAMPLES = 3
_SMOOTHED_BLOCKS = 101


@dataclass(frozen=True)
class Offset:
    """The DC offset of one recording and its slow baseline."""

    values: tuple[float, ...]
    """Offset of each channel, full scale 1; 0 if it is too small to remove."""
    baselines: NDArray[np.float64]
    """Baseline at the middle of every block, `(C, blocks)`."""
    block_samples: int
    first: tuple[int, ...]
    """First sample of each channel that is not digital silence."""
    last: tuple[int, ...]
    """One past the last sample of each channel that is not digital silence."""

    @property
    def largest(self) -> float:
        """The channel offset furthest from 0."""
        return max(self.values, key=abs)

    def removed(self, block: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """Remove the offset from a block `(C, L)` that begins at sample `start` of the recording."""
        if not any(self.values):
            return block
        place = np.arange(start, start + block.shape[1])
        middle = (place + 0.5) / self.block_samples - 0.5
        out = block.copy()
        for channel, value in enumerate(self.values):
            if value:
                baseline = np.interp(middle, np.arange(self.baselines.shape[1]), self.baselines[channel])
                baseline[(place < self.first[channel]) | (place >= self.last[channel])] = 0.0
                out[channel] -= baseline.astype(np.float32)
        return out


class OffsetMeter:
    """Measure the DC offset of a recording: `add` `(C, L)` blocks of any size, then call `offset`."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._size = max(1, rate_hz // _BLOCKS_S)
        self._end = np.ones((channels, _END_SAMPLES), np.float32)
        self._pending = np.zeros((channels, 0), np.float32)
        self._means = [np.zeros((channels, 0))]
        self._swings = [np.zeros((channels, 0))]
        self._first, self._last = np.full(channels, -1), np.zeros(channels, int)
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next samples to the measurement."""
        if not block.shape[1]:
            return
        sounding = block != 0
        some = sounding.any(axis=1)
        begins, ends = sounding.argmax(axis=1), block.shape[1] - sounding[:, ::-1].argmax(axis=1)
        self._first = np.where((self._first < 0) & some, self._samples + begins, self._first)
        self._last = np.where(some, self._samples + ends, self._last)
        self._samples += block.shape[1]
        self._end = np.concatenate([self._end, block[:, -_END_SAMPLES:]], axis=1)[:, -_END_SAMPLES:]
        joined = np.concatenate([self._pending, block], axis=1)
        whole = joined.shape[1] // self._size
        blocks = joined[:, : whole * self._size].reshape(len(joined), whole, self._size)
        self._means.append(blocks.mean(axis=2, dtype=np.float64))
        self._swings.append(blocks.std(axis=2, dtype=np.float64))
        self._pending = joined[:, whole * self._size :].copy()

    def offset(self) -> Offset:
        """Offset of all samples that were added."""
        means, swings = np.concatenate(self._means, axis=1), np.concatenate(self._swings, axis=1)
        ends_at_zero = np.abs(self._end).max(axis=1) < LEAST
        values = tuple(_judged(*each) for each in zip(means, swings, ends_at_zero, strict=True))
        baselines = np.zeros_like(means)
        for channel, value in enumerate(values):
            if value:
                baselines[channel] = _baseline(means[channel], swings[channel], value)
        first, last = ((int(n) for n in numbers) for numbers in (self._first, self._last))
        return Offset(values, baselines, self._size, tuple(first), tuple(last))


def _judged(means: NDArray[np.float64], swings: NDArray[np.float64], ends_at_zero: bool) -> float:
    """Offset of one channel, or 0, from the mean of each block, its RMS without that mean, and whether it ends at 0."""
    sounding = np.flatnonzero((means != 0) | (swings != 0))
    if not sounding.size:
        return 0.0
    inside = slice(sounding[0], sounding[-1] + 1)
    means, swings = means[inside], swings[inside]
    quiet = means[swings <= _quiet_below(swings)]
    if quiet.size >= max(_FEWEST_QUIET, _LEAST_QUIET_SHARE * means.size):
        # The quarter nearest to zero must share the offset: a decaying hit passes through all values down to zero.
        return _shared(quiet, percent=25)
    if means.size < (_SURELY_LONG_BLOCKS if ends_at_zero else _LONG_BLOCKS):
        return 0.0
    window = np.hanning(_STRETCH_BLOCKS + 2)[1:-1]
    stretches = np.asarray(np.convolve(means, window / window.sum(), mode="valid"), np.float64)
    low, high = np.percentile(np.abs(stretches), [10, 90])
    # A single long decay changes as it fades and is not an offset; in a longer recording an offset may drift.
    is_steady = low >= high / 2 or means.size >= _WANDERING_BLOCKS
    return _shared(stretches, percent=10) if is_steady else 0.0


def _shared(means: NDArray[np.float64], percent: float) -> float:
    """Median of block means if all but the `percent` of them nearest to zero or beyond reach `LEAST`; otherwise 0."""
    middle = float(np.median(means))
    return middle if np.percentile(means * np.sign(middle), percent) >= LEAST else 0.0


def _quiet_below(swings: NDArray[np.float64]) -> float:
    return max(_QUIET_FLOOR, _QUIET * float(swings.max()))


def _baseline(means: NDArray[np.float64], swings: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Slow baseline of a channel at every block; `value` where there is only digital silence."""
    powers = np.convolve(np.pad(np.square(swings), 2, mode="edge"), np.full(5, 0.2), mode="valid")
    # Weights average five blocks: following the periods of a bass note would turn them into an offset.
    weights = 1 / np.maximum(np.sqrt(powers), _quiet_below(swings))
    weights[(means == 0) & (swings == 0)] = 0.0
    window = np.hanning(_SMOOTHED_BLOCKS + 2)[1:-1]
    reach = _SMOOTHED_BLOCKS // 2

    def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.convolve(values, window)[reach : reach + means.size]

    total = smooth(weights)
    least = 1e-9 * float(total.max())
    return value + np.where(total > least, smooth(weights * (means - value)) / np.maximum(total, least), 0.0)

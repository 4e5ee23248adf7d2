"""DC offset: found where a recording is quiet or where it goes on for long, taken out by a slow high-pass.

The mean of a short sound is no offset: a saturated drum hit leans to one side while it is loud and ends at zero, and
without its mean it would end in a step. So a recording is looked at in blocks of 20 ms. An offset is what its quiet
blocks share, 30 dB below the loudest; if none is quiet, what half-second stretches share of a recording that lasts a
second or more. A shorter sound without a quiet moment is left as it is, as is one under three seconds that ends at
zero: nothing tells its own shape from an offset.

What is taken out is the slow baseline: block means, smoothed by a Hann window of two seconds (zero phase; half an
amplitude at 0.5 Hz, all of it from 1 Hz on) and interpolated. Louder blocks count for less, as in normalised
convolution, so that the baseline is that of the pauses and a hit leaves no dent around it. Digital silence before and
after the sound stays silent. numpy only.

References: H. Knutsson and C.-F. Westin, "Normalized and differential convolution", 1993, for the weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 0.01
"""-40 dBFS. A converter's own offset lies far below."""
_BLOCKS_S = 50
"""Blocks in a second; mains hum, at 50 or 60 Hz, has a whole number of periods in one or three of them."""
_QUIET = 10 ** (-30 / 20)
_QUIET_FLOOR = 0.005
_FEWEST_QUIET, _LEAST_QUIET_SHARE = 3, 0.02
_LONG_BLOCKS, _STRETCH_BLOCKS = 50, 25
_SURELY_LONG_BLOCKS, _WANDERING_BLOCKS = 150, 500
_END_SAMPLES = 3
_SMOOTHED_BLOCKS = 101


@dataclass(frozen=True)
class Offset:
    """What to take out of one recording."""

    values: tuple[float, ...]
    """Of each channel, full scale 1; 0 where there is none worth naming."""
    baselines: NDArray[np.float64]
    """`(C, blocks)`, at the middle of every block."""
    block_samples: int
    first: tuple[int, ...]
    """First sample of each channel that is not digital silence."""
    last: tuple[int, ...]
    """One past the last."""

    @property
    def largest(self) -> float:
        """The value furthest from 0."""
        return max(self.values, key=abs)

    def removed(self, block: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """`(C, L)` samples from sample `start` of the recording, without the offset."""
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
    """Feed it `(C, L)` blocks of any size, then ask for the `offset`."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._size = max(1, rate_hz // _BLOCKS_S)
        self._end = np.ones((channels, _END_SAMPLES), np.float32)
        self._pending = np.zeros((channels, 0), np.float32)
        self._means = [np.zeros((channels, 0))]
        self._swings = [np.zeros((channels, 0))]
        self._first, self._last = np.full(channels, -1), np.zeros(channels, int)
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in the next samples."""
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
        """What was found in all that was taken in."""
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
    """The offset of one channel, or 0: from the mean of each block, its RMS without that mean, and how it ends."""
    sounding = np.flatnonzero((means != 0) | (swings != 0))
    if not sounding.size:
        return 0.0
    inside = slice(sounding[0], sounding[-1] + 1)
    means, swings = means[inside], swings[inside]
    quiet = means[swings <= _quiet_below(swings)]
    if quiet.size >= max(_FEWEST_QUIET, _LEAST_QUIET_SHARE * means.size):
        # The quarter nearest to zero must have it too: a decaying hit passes through all values on its way to zero.
        return _shared(quiet, percent=25)
    if means.size < (_SURELY_LONG_BLOCKS if ends_at_zero else _LONG_BLOCKS):
        return 0.0
    window = np.hanning(_STRETCH_BLOCKS + 2)[1:-1]
    stretches = np.asarray(np.convolve(means, window / window.sum(), mode="valid"), np.float64)
    low, high = np.percentile(np.abs(stretches), [10, 90])
    # One long decay changes as it fades; in what goes on for longer an offset may wander.
    is_steady = low >= high / 2 or means.size >= _WANDERING_BLOCKS
    return _shared(stretches, percent=10) if is_steady else 0.0


def _shared(means: NDArray[np.float64], percent: float) -> float:
    """Their median, if all but so many percent, those nearest to zero or beyond it, are worth naming; otherwise 0."""
    middle = float(np.median(means))
    return middle if np.percentile(means * np.sign(middle), percent) >= LEAST else 0.0


def _quiet_below(swings: NDArray[np.float64]) -> float:
    return max(_QUIET_FLOOR, _QUIET * float(swings.max()))


def _baseline(means: NDArray[np.float64], swings: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """The slow part of a channel at every block; `value` where there is only digital silence."""
    powers = np.convolve(np.pad(np.square(swings), 2, mode="edge"), np.full(5, 0.2), mode="valid")
    # A weight that followed a bass note's own periods would make an offset of them, hence five blocks.
    weights = 1 / np.maximum(np.sqrt(powers), _quiet_below(swings))
    weights[(means == 0) & (swings == 0)] = 0.0
    window = np.hanning(_SMOOTHED_BLOCKS + 2)[1:-1]
    reach = _SMOOTHED_BLOCKS // 2

    def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.convolve(values, window)[reach : reach + means.size]

    total = smooth(weights)
    least = 1e-9 * float(total.max())
    return value + np.where(total > least, smooth(weights * (means - value)) / np.maximum(total, least), 0.0)

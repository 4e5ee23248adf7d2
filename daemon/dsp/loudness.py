"""Integrated and momentary loudness of one or two channels from a stream of blocks.

K-weighting is two biquads. Recursive filters are slow without torchaudio's extension, so their
impulse response (0.17 s is long enough for the 38 Hz high-pass to fall below -110 dB) is
convolved by FFT. Gating is the standard's: 400 ms blocks every 100 ms, absolute gate -70 LUFS,
relative gate -10 LU. Signals shorter than one block are measured whole and ungated.

References: ITU-R BS.1770-4. Deviation of the integrated loudness: the powers of two channels are averaged, not added,
so that a mono recording has the same loudness as one channel and as two equal ones. The standard's value for two
channels is 3 dB higher. The momentary loudness, which users read and compare with other meters, is the standard's.
"""

import functools
import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from protocol.units import SAMPLE_RATE_HZ

STEP_SAMPLES = SAMPLE_RATE_HZ // 10
MOMENTARY_STEPS = 4
SILENCE_LUFS = -70.0
_TAPS = 8192
_LONGEST = (1 << 17) - _TAPS + 1
"""Samples weighted per FFT; together with the tail before them a power of two."""
SHELF = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
HIGHPASS = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
"""BS.1770-4, tables 1 and 2 (48 kHz): feed-forward and feedback of the shelf, then of the high-pass."""


class _Weighting:
    """K-weighting of a sound that arrives in blocks, `(L,)` with one channel, else `(channels, L)`."""

    def __init__(self, channels: int) -> None:
        self._tail = np.zeros(_TAPS - 1 if channels == 1 else (channels, _TAPS - 1))

    def weigh(self, block: NDArray[np.float32]) -> NDArray[np.float64]:
        """Weight the next block, of at most `_LONGEST` samples."""
        joined = np.concatenate([self._tail, block.astype(np.float64)], axis=-1)
        self._tail = joined[..., -(_TAPS - 1) :]
        # The circular wrap-around falls on the tail, which is cut off.
        size = 1 << (joined.shape[-1] - 1).bit_length()
        spectrum = np.fft.rfft(joined, size) * _k_spectrum(size)
        return np.fft.irfft(spectrum, size)[..., _TAPS - 1 : joined.shape[-1]]


class LoudnessMeter:
    """Measure integrated loudness: `add` 48 kHz blocks of any size, then call `integrated_lufs`.

    Args:
        channels: 1 for blocks `(L,)`, 2 for `(2, L)`.
    """

    def __init__(self, channels: int = 1) -> None:
        self._weighting = _Weighting(channels)
        self._pending = np.zeros(0)
        self._steps: list[float] = []
        self._energy = 0.0
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next `(L,)` or `(2, L)` samples to the measurement."""
        for start in range(0, block.shape[-1], _LONGEST):
            power = np.square(self._weighting.weigh(block[..., start : start + _LONGEST]))
            self._add_power(power if power.ndim == 1 else power.mean(axis=0))

    def _add_power(self, power: NDArray[np.float64]) -> None:
        self._energy += float(power.sum())
        self._samples += power.size
        joined = np.concatenate([self._pending, power])
        whole = joined.size // STEP_SAMPLES
        steps = joined[: whole * STEP_SAMPLES].reshape(whole, STEP_SAMPLES)
        self._steps.extend(steps.mean(axis=1).tolist())
        self._pending = joined[whole * STEP_SAMPLES :]

    def integrated_lufs(self) -> float:
        """Integrated loudness of all samples added, in LUFS; -70 for silence (the standard's absolute gate)."""
        if len(self._steps) < 4:
            return _lufs(self._energy / max(1, self._samples))
        steps = np.array(self._steps)
        blocks = np.convolve(steps, np.full(4, 0.25), mode="valid")
        loud = blocks[blocks > 10 ** ((SILENCE_LUFS + 0.691) / 10)]
        if loud.size == 0:
            return SILENCE_LUFS
        return _lufs(float(loud[loud > loud.mean() / 10].mean()))


class MomentaryMeter:
    """Measure the loudness of the last 400 ms of a stream, every 100 ms.

    This is the standard's momentary loudness: the powers of two channels are added, as every other meter does. Before
    the first sample there was silence.
    """

    def __init__(self) -> None:
        self._weighting: _Weighting | None = None
        self._pending: list[NDArray[np.float32]] = []
        self._steps: deque[float] = deque([0.0] * MOMENTARY_STEPS, MOMENTARY_STEPS)

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next `(L,)` or `(2, L)` samples, at least so many that the channels are known."""
        if not block.shape[-1]:
            return
        self._pending.append(block)
        if sum(part.shape[-1] for part in self._pending) < STEP_SAMPLES:
            return
        joined = np.concatenate(self._pending, axis=-1)
        whole = joined.shape[-1] // STEP_SAMPLES * STEP_SAMPLES
        for start in range(0, whole, STEP_SAMPLES):
            self._step(joined[..., start : start + STEP_SAMPLES])
        self._pending = [joined[..., whole:]]

    def _step(self, block: NDArray[np.float32]) -> None:
        if self._weighting is None:
            self._weighting = _Weighting(1 if block.ndim == 1 else block.shape[0])
        self._steps.append(float(np.square(self._weighting.weigh(block)).sum()) / STEP_SAMPLES)

    @property
    def lufs(self) -> float:
        """The momentary loudness, in LUFS; -70 for silence."""
        return _lufs(sum(self._steps) / MOMENTARY_STEPS)


def integrated_lufs(audio: NDArray[np.float32]) -> float:
    """Integrated loudness of a whole `(L,)` or `(2, L)` signal at 48 kHz, in LUFS, not below -70."""
    meter = LoudnessMeter(1 if audio.ndim == 1 else audio.shape[0])
    meter.add(audio)
    return meter.integrated_lufs()


def _lufs(mean_square: float) -> float:
    return max(SILENCE_LUFS, -0.691 + 10 * math.log10(max(mean_square, 1e-12)))


@functools.lru_cache(maxsize=4)
def _k_spectrum(size: int) -> NDArray[np.complex128]:
    """Spectrum of the K-weighting, cached because all blocks of a stream but the last have one size."""
    return np.fft.rfft(_k_weighting(), size)


@functools.lru_cache(maxsize=1)
def _k_weighting() -> NDArray[np.float64]:
    impulse = np.zeros(_TAPS)
    impulse[0] = 1.0
    return _biquad(_biquad(impulse, *SHELF), *HIGHPASS)


def _biquad(signal: NDArray[np.float64], b: list[float], a: list[float]) -> NDArray[np.float64]:
    out = np.zeros_like(signal)
    for n in range(signal.size):
        feed = sum(b[k] * signal[n - k] for k in range(3) if n >= k)
        out[n] = feed - sum(a[k] * out[n - k] for k in (1, 2) if n >= k)
    return out

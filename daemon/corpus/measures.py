"""Measurements of a recording for the corpus screen, taken block by block during ingest."""

import math

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.pairs import Pair, PairMeter
from daemon.dsp.loudness import SILENCE_LUFS, LoudnessMeter
from daemon.dsp.mixdown import mean_of

SILENCE_DB = -60.0
BLOCK_SAMPLES = 960  # 20 ms at 48 kHz
FULL_SCALE = 1.0 - 2.0**-12  # 16-bit and lossy sources rarely reach 1.0 exactly
REFERENCE_LUFS = -20.0
LARGEST_GAIN_DB = 40.0


def reference_gain_db(loudness_lufs: float) -> float:
    """Gain in dB from a loudness to the codec's reference, at most ±40 dB.

    Silence (at or below the loudness gate) gets 0 dB: raising it would only raise noise.
    """
    if loudness_lufs <= SILENCE_LUFS:
        return 0.0
    return max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, REFERENCE_LUFS - loudness_lufs))


def clipped_samples(block: NDArray[np.float32]) -> int:
    """Count clipped samples in a `(C, L)` block at the source's own rate: runs of at least three at full scale.

    A single full-scale sample is a peak, not clipping. Above full scale, which only floats reach, the samples of a run
    must also be equal, because a round peak there is not clipped. Resampling would round flat tops off, so the source's
    own samples are counted.
    """
    level = np.abs(block)
    full = level >= FULL_SCALE
    if not full.any():
        return 0
    runs = full[:, :-2] & full[:, 1:-1] & full[:, 2:]
    is_flat = block[:, 1:] == block[:, :-1]
    is_over = (level[:, :-2] > 1) | (level[:, 1:-1] > 1) | (level[:, 2:] > 1)
    runs &= ~is_over | (is_flat[:, 1:] & is_flat[:, :-1])
    covered = np.zeros_like(full)
    for shift in range(3):
        covered[:, shift : shift + runs.shape[1]] |= runs
    return int(covered.sum())


class FileMeasures:
    """Running peak, loudness and silence of one `(C, L)` stream at 48 kHz.

    Args:
        heard: channels that are averaged to mono.
    """

    def __init__(self, heard: tuple[int, ...]) -> None:
        self._heard = heard
        self._meter = LoudnessMeter()
        self._pending = np.zeros(0, np.float32)
        self._quiet_blocks = 0
        self._blocks = 0
        self.peak = 0.0
        self.samples = 0
        self.is_finite = True
        self._pair: PairMeter | None = None

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next `(C, L)` samples to the measurements."""
        self.is_finite = self.is_finite and bool(np.isfinite(block).all())
        if not self.is_finite or not block.shape[1]:
            return
        self.samples += block.shape[1]
        self.peak = max(self.peak, float(np.abs(block).max()))
        mono = mean_of(block, self._heard)
        self._meter.add(mono)
        if block.shape[0] == 2:
            self._pair = self._pair or PairMeter()
            self._pair.add(block)
        self._count_silence(mono)

    def _count_silence(self, mono: NDArray[np.float32]) -> None:
        joined = np.concatenate([self._pending, mono])
        whole = joined.size // BLOCK_SAMPLES
        blocks = joined[: whole * BLOCK_SAMPLES].reshape(whole, BLOCK_SAMPLES)
        power = np.square(blocks, dtype=np.float64).mean(axis=1)
        self._quiet_blocks += int((power < 10 ** (SILENCE_DB / 10)).sum())
        self._blocks += whole
        self._pending = joined[whole * BLOCK_SAMPLES :]

    @property
    def peak_db(self) -> float:
        """Sample peak in dBFS, at least -120."""
        return max(-120.0, 20 * math.log10(max(self.peak, 1e-6)))

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness of the mono mean in LUFS."""
        return self._meter.integrated_lufs()

    @property
    def pair(self) -> Pair | None:
        """Measurements of two channels together; None for a mono recording."""
        return self._pair.measured() if self._pair else None

    @property
    def silence_share(self) -> float:
        """Share of 20 ms blocks below -60 dBFS, 0 to 1."""
        return self._quiet_blocks / self._blocks if self._blocks else 0.0

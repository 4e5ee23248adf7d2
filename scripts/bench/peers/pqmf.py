"""A pseudo-quadrature mirror filterbank: 16 critically sampled bands and nearly perfect reconstruction.

References: T. Q. Nguyen, "Near-perfect-reconstruction pseudo-QMF banks", 1994 (cosine modulation, eq. 4 and 5);
Y.-P. Lin and P. P. Vaidyanathan, "A Kaiser window approach for the design of prototype filters of cosine
modulated filterbanks", 1998 (the cutoff that makes the prototype's autocorrelation vanish at multiples of 2M).
"""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

BANDS = 16
TAPS = 32 * BANDS + 1
KAISER_BETA = 9.0


@functools.lru_cache(maxsize=1)
def filters() -> NDArray[np.float64]:
    """Analysis filters, `(bands, taps)`, scaled so that analysis then synthesis has gain 1."""
    prototype = _prototype(_best_cutoff())
    n, k = np.arange(TAPS) - (TAPS - 1) / 2, np.arange(BANDS)[:, None]
    phase = np.where(k % 2 == 0, 1, -1) * np.pi / 4
    bank = 2 * prototype * np.cos((2 * k + 1) * np.pi / (2 * BANDS) * n + phase)
    # Energy in = energy out, averaged over the 16 positions that a sample can have.
    return bank * np.sqrt(BANDS / np.square(bank).sum())


def _prototype(cutoff: float) -> NDArray[np.float64]:
    n = np.arange(TAPS) - (TAPS - 1) / 2
    return cutoff * np.sinc(cutoff * n) * np.kaiser(TAPS, KAISER_BETA)


def _best_cutoff() -> float:
    """Golden-section search for the cutoff (1 is Nyquist) with the smallest unwanted autocorrelation."""

    def unwanted(cutoff: float) -> float:
        prototype = _prototype(cutoff)
        correlation = np.correlate(prototype, prototype, "full")[TAPS - 1 :]
        return float(np.abs(correlation[2 * BANDS :: 2 * BANDS]).max() / correlation[0])

    low, high, golden = 0.8 / (2 * BANDS), 1.4 / (2 * BANDS), (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if unwanted(left) < unwanted(right) else (left, high)
    return (low + high) / 2


class Pqmf(nn.Module):
    """`[B, L]` (a multiple of 16) to `[B, 16, L / 16]` and back, without delay."""

    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bank", torch.from_numpy(filters()).float()[:, None])

    def analyse(self, audio: Tensor) -> Tensor:
        """Split audio into sub-bands, lowest first."""
        half = TAPS // 2
        return F.conv1d(F.pad(audio[:, None], (half, half - BANDS + 1)), self.bank, stride=BANDS)

    def synthesise(self, bands: Tensor) -> Tensor:
        """Synthesise audio from its sub-bands."""
        half = TAPS // 2
        whole = F.conv_transpose1d(bands, self.bank, stride=BANDS)[:, 0]
        return whole[:, half : half + bands.shape[-1] * BANDS]

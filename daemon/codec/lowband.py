"""The lowest octaves as a waveform: the first coefficients of an MDCT, one frame per latent frame.

Below a few hundred hertz the swing of a kick and the beating of two partials are audible, and magnitudes
with invented phases lose both. So this band is coded as a waveform: a few critically sampled coefficients
per frame.

References: J. Princen, A. Johnson and A. Bradley, "Subband/transform coding using filter bank designs
based on time domain aliasing cancellation", 1987. Deviation: at the clip's ends, where no second window
overlaps, the sum is divided by the windows present. This is exact, because the clip is silent beyond its ends.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.dsp.framing import analyse, overlap_add, overlapped


class LowBand(nn.Module):
    """Transform of the low band: `[B, L]` of whole hops to `[B, T, n]` companded coefficients and back.

    `spectra` gives the lowest n bins of the waveform's STFT directly from the coefficients.
    """

    basis: Tensor
    halves: Tensor
    power: Tensor
    near: Tensor
    alone: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        hop, count = config.hop_length, config.low_bands
        self._hop = hop
        n = torch.arange(2 * hop, dtype=torch.float64)
        k = torch.arange(count, dtype=torch.float64)
        window = torch.sin(math.pi * (n + 0.5) / (2 * hop))
        waves = torch.cos(math.pi / hop * (n[:, None] + 0.5 + hop / 2) * (k + 0.5)) * math.sqrt(2 / hop)
        self.register_buffer("basis", (window[:, None] * waves).float(), persistent=False)
        self.register_buffer("halves", torch.cat([self.basis[:hop], self.basis[hop:]], 1), persistent=False)
        self.register_buffer("power", window.square().float(), persistent=False)
        three = self._responses(3)
        nothing = torch.zeros_like(three[:count, 0])
        first, last = torch.cat([nothing, three[: 2 * count, 0]]), torch.cat([three[count:, 2], nothing])
        self.register_buffer("near", torch.stack([first, three[:, 1], last]), persistent=False)
        self.register_buffer("alone", self._responses(1)[:, 0], persistent=False)

    def analyse(self, audio: Tensor) -> Tensor:
        """MDCT coefficients of `[B, L]`, `L` whole hops: `[B, T, n]`, companded."""
        half = self._hop // 2
        hops = F.pad(audio, (half, half)).unflatten(-1, (-1, self._hop))
        # Each hop meets both window halves in one product; unfolding overlapping frames would copy the sound twice.
        first, second = (hops @ self.halves).chunk(2, -1)
        return compress(first[:, :-1] + second[:, 1:])

    def synthesise(self, coefficients: Tensor) -> Tensor:
        """Waveform `[B, T * hop]` of `[B, T, n]` coefficients that are not companded."""
        frames = coefficients @ self.basis.T
        T = frames.shape[1]
        weight = overlapped(self.power, T, self._hop).clamp_min(0.25)
        total = overlap_add(frames, self._hop) / weight
        half = self._hop // 2
        return total[:, half : half + T * self._hop]

    def spectra(self, companded: Tensor) -> Tensor:
        """Lowest n bins of the waveform's spectra: companded coefficients `[B, T, n]` to `[B, T, n]` complex.

        A window covers its own frame and half of each neighbour, so three frames' coefficients determine its spectrum.
        One small matrix replaces the waveform and its transform. At the ends of the clip a neighbour is missing and the
        normalisation differs, so the first and the last frame have matrices of their own.
        """
        T, n = companded.shape[1:]
        coefficients = expand(companded)
        if T == 1:
            parts = coefficients @ self.alone
        else:
            padded = F.pad(coefficients, (0, 0, 1, 1))
            around = torch.cat([padded[:, shift : shift + T] for shift in range(3)], -1)
            ends = [around[:, :1] @ self.near[0], around[:, -1:] @ self.near[2]]
            parts = torch.cat([ends[0], around[:, 1:-1] @ self.near[1], ends[1]], 1)
        return torch.complex(parts[..., :n], parts[..., n:])

    def _responses(self, frames: int) -> Tensor:
        """Response of each spectrum to each coefficient: `(frames * n, frames, 2 * n)`, real then imaginary parts."""
        n = self.basis.shape[1]
        units = torch.eye(frames * n).unflatten(1, (frames, n))
        spectra = analyse(self.synthesise(units), 2 * self._hop, self._hop)[..., :n]
        return torch.cat([spectra.real, spectra.imag], -1)


def compress(coefficients: Tensor) -> Tensor:
    """Halve the level in decibels of every frame of coefficients `[..., n]`; the relative sizes stay."""
    norm = coefficients.square().sum(-1, keepdim=True)
    return coefficients * (norm + 1e-6).pow(-0.25)


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compress`, down to its floor."""
    return companded * companded.square().sum(-1, keepdim=True).add(1e-9).sqrt()

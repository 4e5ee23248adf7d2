"""The lowest octaves as a waveform: the first coefficients of an MDCT, one frame per latent frame.

An ear hears below a few hundred hertz how a kick swings and where two partials beat; magnitudes with
invented phases lose both. So this band travels as itself: a few critically sampled coefficients a frame.

References: J. Princen, A. Johnson and A. Bradley, "Subband/transform coding using filter bank designs
based on time domain aliasing cancellation", 1987. Deviation: beyond the clip's ends, where no second
window overlaps, the sum is divided by what windows there are, which is exact because nothing is there.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.dsp.framing import overlap_add, overlapped


class LowBand(nn.Module):
    """`[B, L]` of whole hops to `[B, T, n]` companded coefficients and back."""

    basis: Tensor
    power: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        hop = config.hop_length
        self._hop = hop
        n = torch.arange(2 * hop, dtype=torch.float64)
        k = torch.arange(config.low_bands, dtype=torch.float64)
        window = torch.sin(math.pi * (n + 0.5) / (2 * hop))
        waves = torch.cos(math.pi / hop * (n[:, None] + 0.5 + hop / 2) * (k + 0.5)) * math.sqrt(2 / hop)
        self.register_buffer("basis", (window[:, None] * waves).float(), persistent=False)
        self.register_buffer("power", window.square().float(), persistent=False)

    def analyse(self, audio: Tensor) -> Tensor:
        """Coefficients of `[B, L]`, `L` whole hops: `[B, T, n]`, companded."""
        half = self._hop // 2
        frames = F.pad(audio, (half, half)).unfold(-1, 2 * self._hop, self._hop)
        return compress(frames @ self.basis)

    def synthesise(self, companded: Tensor) -> Tensor:
        """`[B, T, n]` to `[B, T * hop]`."""
        frames = expand(companded) @ self.basis.T
        T = frames.shape[1]
        weight = overlapped(self.power, T, self._hop).clamp_min(0.25)
        total = overlap_add(frames, self._hop) / weight
        half = self._hop // 2
        return total[:, half : half + T * self._hop]


def compress(coefficients: Tensor) -> Tensor:
    """Halve the level of every frame in decibels, keeping its shape: `[..., n]` both ways."""
    norm = coefficients.square().sum(-1, keepdim=True)
    return coefficients * (norm + 1e-6).pow(-0.25)


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compress`, to its floor."""
    return companded * companded.square().sum(-1, keepdim=True).add(1e-9).sqrt()

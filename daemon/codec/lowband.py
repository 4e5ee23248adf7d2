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
from daemon.dsp.framing import analyse, overlap_add, overlapped


class LowBand(nn.Module):
    """`[B, L]` of whole hops to `[B, T, n]` companded coefficients, and those to the lowest n bins of spectra."""

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
        """Coefficients of `[B, L]`, `L` whole hops: `[B, T, n]`, companded."""
        half = self._hop // 2
        hops = F.pad(audio, (half, half)).unflatten(-1, (-1, self._hop))
        # Each hop with both halves of the windows over it: frames side by side would be twice the sound, copied.
        first, second = (hops @ self.halves).chunk(2, -1)
        return compress(first[:, :-1] + second[:, 1:])

    def synthesise(self, coefficients: Tensor) -> Tensor:
        """The waveform of `[B, T, n]` coefficients, not companded: `[B, T * hop]`."""
        frames = coefficients @ self.basis.T
        T = frames.shape[1]
        weight = overlapped(self.power, T, self._hop).clamp_min(0.25)
        total = overlap_add(frames, self._hop) / weight
        half = self._hop // 2
        return total[:, half : half + T * self._hop]

    def spectra(self, companded: Tensor) -> Tensor:
        """The lowest n bins of the spectra of the waveform, `[B, T, n]` to `[B, T, n]` complex.

        A window lies over its own frame and half of each neighbour: three frames' coefficients make its spectrum, by
        one small matrix instead of a waveform and its transform. At an end of the clip a neighbour is missing and what
        windows are there is divided by, so the first and the last frame have matrices of their own.
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
        """What each coefficient of a clip so long gives to each of its spectra: `(frames * n, frames, 2 * n)`."""
        n = self.basis.shape[1]
        units = torch.eye(frames * n).unflatten(1, (frames, n))
        spectra = analyse(self.synthesise(units), 2 * self._hop, self._hop)[..., :n]
        return torch.cat([spectra.real, spectra.imag], -1)


def compress(coefficients: Tensor) -> Tensor:
    """Halve the level of every frame in decibels, keeping its shape: `[..., n]` both ways."""
    norm = coefficients.square().sum(-1, keepdim=True)
    return coefficients * (norm + 1e-6).pow(-0.25)


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compress`, to its floor."""
    return companded * companded.square().sum(-1, keepdim=True).add(1e-9).sqrt()

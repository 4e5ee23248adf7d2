"""Encoder and decoder: ConvNeXt blocks over frames, no pooling, no normalisation over time.

References: Z. Liu et al., "A ConvNet for the 2020s", 2022, in one dimension; H. Siuzdak, "Vocos",
2023, for leaving the waveform to an inverse STFT. Deviations: two rates (STFT and latent), LayerScale
from 0.1 rather than 1e-6, because a run lasts minutes.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig


class Block(nn.Module):
    """Depthwise convolution over frames, then a perceptron per frame; residual. `[B, T, W]` both ways."""

    def __init__(self, width: int, kernel: int, expansion: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, frames: Tensor) -> Tensor:
        mixed = self.mix(frames.transpose(1, 2)).transpose(1, 2)
        return frames + self.scale * self.narrow(F.gelu(self.widen(self.norm(mixed))))


class Encoder(nn.Module):
    """`[B, 2T, 3 * bins]` features to the latent `[B, T, D]`."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(3 * config.bins, width)
        self.fine = _blocks(config, config.fine_blocks)
        self.merge = nn.Linear(2 * width, width)
        self.coarse = _blocks(config, config.coarse_blocks)
        self.leave = nn.Linear(width, config.latent)
        self._start_as_bands(config)

    @torch.no_grad()
    def _start_as_bands(self, config: CodecConfig) -> None:
        """Begin by averaging the log-magnitude in mel-spaced bands over the two STFT frames.

        A corpus of seconds does not teach a network to carry spectra unlike its own; starting from a
        path that carries any envelope does (measured on held-out files, see docs/adr/0003-codec.md).
        """
        bands = band_averages(config)
        n, width = len(bands), config.width
        self.enter.weight[:n].zero_()
        self.enter.weight[:n, : config.bins] = bands
        self.merge.weight[:n].zero_()
        self.merge.weight[:n, :n] = 0.5 * torch.eye(n)
        self.merge.weight[:n, width : width + n] = 0.5 * torch.eye(n)
        self.leave.weight[:n].zero_()
        self.leave.weight[:n, :n] = torch.eye(n)
        for layer in (self.enter, self.merge, self.leave):
            layer.bias.zero_()

        low = config.low_dimensions
        self.low = nn.Linear(low, config.latent, bias=False)
        self.low.weight.zero_()
        self.low.weight[n : n + low] = torch.eye(low)
        self.leave.weight[n : n + low].zero_()

    def forward(self, features: Tensor, low: Tensor) -> Tensor:
        frames = self.fine(self.enter(features))
        B, T2, W = frames.shape
        merged = self.merge(frames.reshape(B, T2 // 2, 2 * W))
        return self.leave(self.coarse(merged)) + self.low(low)


class Decoder(nn.Module):
    """Latent `[B, T, D]` to the head `[B, 2T, 2 * bins]`: standardised log-magnitude, then phase."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(config.latent, width)
        self.coarse = _blocks(config, config.coarse_blocks)
        self.split = nn.Linear(width, 2 * width)
        self.fine = _blocks(config, config.fine_blocks)
        self.leave = nn.Linear(width, 2 * config.bins)
        self._start_as_bands(config)

    @torch.no_grad()
    def _start_as_bands(self, config: CodecConfig) -> None:
        """Begin by interpolating between the bands the encoder begins with."""
        bands = band_averages(config)
        n, width = len(bands), config.width
        self.enter.weight[:n].zero_()
        self.enter.weight[:n, :n] = torch.eye(n)
        for half in (0, width):
            self.split.weight[half : half + n].zero_()
            self.split.weight[half : half + n, :n] = torch.eye(n)
        self.leave.weight[: config.bins] *= 0.3
        self.leave.weight[: config.bins, :n] = band_interpolation(config)
        for layer in (self.enter, self.split):
            layer.bias.zero_()
        low = config.low_dimensions
        self.enter.weight[:, n : n + low].zero_()
        self.low = nn.Linear(config.latent, low, bias=False)
        self.low.weight.zero_()
        self.low.weight[:, n : n + low] = torch.eye(low)

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        frames = self.split(self.coarse(self.enter(latent)))
        B, T, W2 = frames.shape
        return self.leave(self.fine(frames.reshape(B, 2 * T, W2 // 2))), self.low(latent)


def band_averages(config: CodecConfig) -> Tensor:
    """Rows that average a spectrum in three quarters of D mel-spaced bands: `(bands, bins)`."""
    weights = band_interpolation(config)
    return (weights / weights.sum(0)).T


def band_interpolation(config: CodecConfig) -> Tensor:
    """Columns that draw a spectrum by straight lines between band values: `(bins, bands)`."""
    count = config.mel_bands
    top = 2595 * math.log10(1 + config.sample_rate / 1400)
    mels = 2595 * torch.log10(1 + torch.linspace(0, config.sample_rate / 2, config.bins) / 700)
    position = mels / top * (count - 1)
    return (1 - (position[:, None] - torch.arange(count)).abs()).clamp_min(0.0)


def _blocks(config: CodecConfig, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(config.width, config.kernel, config.expansion) for _ in range(count)))

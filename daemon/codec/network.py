"""Encoder and decoder: ConvNeXt blocks over frames, no pooling, no normalisation over time.

References: Z. Liu et al., "A ConvNet for the 2020s", 2022, in one dimension; H. Siuzdak, "Vocos",
2023, for leaving the waveform to an inverse STFT. Deviations: two rates (STFT and latent), LayerScale
from 0.1 rather than 1e-6, because a run lasts minutes.
"""

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
        self.scale = nn.Parameter(0.1 * _ones(width))

    def forward(self, frames: Tensor) -> Tensor:
        mixed = self.mix(frames.transpose(1, 2)).transpose(1, 2)
        return frames + self.scale * self.narrow(F.gelu(self.widen(self.norm(mixed))))


class Encoder(nn.Module):
    """`[B, 2T, 3 * bins]` features to the latent `[B, T, D]`."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(3 * config.bins, width)
        self.enter_norm = nn.LayerNorm(width)
        self.fine = _blocks(config, config.fine_blocks)
        self.merge = nn.Linear(2 * width, width)
        self.coarse = _blocks(config, config.coarse_blocks)
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, config.latent)

    def forward(self, features: Tensor) -> Tensor:
        frames = self.fine(self.enter_norm(self.enter(features)))
        B, T2, W = frames.shape
        merged = self.merge(frames.reshape(B, T2 // 2, 2 * W))
        return self.leave(self.leave_norm(self.coarse(merged)))


class Decoder(nn.Module):
    """Latent `[B, T, D]` to the head `[B, 2T, 2 * bins]`: standardised log-magnitude, then phase."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(config.latent, width)
        self.enter_norm = nn.LayerNorm(width)
        self.coarse = _blocks(config, config.coarse_blocks)
        self.split = nn.Linear(width, 2 * width)
        self.fine = _blocks(config, config.fine_blocks)
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 2 * config.bins)

    def forward(self, latent: Tensor) -> Tensor:
        frames = self.split(self.coarse(self.enter_norm(self.enter(latent))))
        B, T, W2 = frames.shape
        return self.leave(self.leave_norm(self.fine(frames.reshape(B, 2 * T, W2 // 2))))


def _blocks(config: CodecConfig, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(config.width, config.kernel, config.expansion) for _ in range(count)))


def _ones(width: int) -> Tensor:
    return nn.init.ones_(nn.Parameter(Tensor(width))).detach()

"""Encoder and decoder networks: ConvNeXt blocks over frames, without pooling or normalisation over time.

References: Z. Liu et al., "A ConvNet for the 2020s", 2022, here in one dimension; H. Siuzdak, "Vocos",
2023, for leaving the waveform to an inverse STFT. Deviation: LayerScale starts at 0.1 instead of
1e-6, because a training lasts minutes.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.bands import band_averages, band_interpolation
from daemon.codec.config import CodecConfig

# The side's parameters are at most 2 and mostly near 0; without scaling their variance is too small for the quantiser.
SIDE_SCALE = 2.0
TURNED_BINS = 8
"""Bins between sign changes of phase, 188 Hz; this spacing smears a click by 5 ms."""


class Head(NamedTuple):
    """Output of the decoder network for every frame."""

    spectrum: Tensor
    """`[B, T, 2 * bins]`: the mid's standardised log-magnitude, then its phase."""
    low: Tensor
    """`[B, T, low_dimensions]`: the coefficients of the mid's low band and its level."""
    envelope: Tensor
    """`[B, T, envelope_points]`: the mid's fine envelope, see `daemon.codec.transients`."""
    side: Tensor | None = None
    """`[B, T, 2 * side_bands]`: the side in bands, as `Side.measure` gives it. None in mono."""
    apart: Tensor | None = None
    """`[B, T, 2 * bins]`: log-magnitude relative to its band, then phase, of the part of the side that is uncorrelated
    with the mid. None in mono."""


class Block(nn.Module):
    """Residual ConvNeXt block: depthwise convolution over frames, then a perceptron per frame. `[B, T, W]` to same."""

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
    """Encoder network: `[B, T, bins]` features to the latent `[B, T, D]`."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(config.bins, width)
        self.blocks = _blocks(config)
        self.leave = nn.Linear(width, config.latent)
        self._start_as_bands(config)

    @torch.no_grad()
    def _start_as_bands(self, config: CodecConfig) -> None:
        """Initialise the network to average the log-magnitude in mel-spaced bands.

        A corpus of a few seconds cannot teach a network to encode spectra unlike its own. Starting from
        weights that pass any spectral envelope can (measured on held-out files, docs/adr/0003-codec.md).
        """
        bands = band_averages(config.bins, config.mel_bands, config.sample_rate)
        n = len(bands)
        self.enter.weight[:n] = bands
        self.leave.weight[:n].zero_()
        self.leave.weight[:n, :n] = torch.eye(n)
        for layer in (self.enter, self.leave):
            layer.bias.zero_()

        low = config.low_dimensions
        self.low = nn.Linear(low, config.latent, bias=False)
        self.low.weight.zero_()
        self.low.weight[n : n + low] = torch.eye(low)
        self.leave.weight[n : n + low].zero_()
        points, first = config.envelope_points, n + low + 2 * config.side_bands
        self.envelope = nn.Linear(points, config.latent, bias=False)
        self.envelope.weight.zero_()
        self.envelope.weight[first : first + points] = torch.eye(points)
        self.leave.weight[first : first + points].zero_()
        if config.channels == 2:
            self.side = nn.Linear(2 * config.side_bands, config.latent, bias=False)
            self.side.weight.zero_()
            self.side.weight[n + low : n + low + 2 * config.side_bands] = SIDE_SCALE * torch.eye(2 * config.side_bands)
            self.leave.weight[n + low : n + low + 2 * config.side_bands].zero_()

    def forward(self, features: Tensor, low: Tensor, envelope: Tensor, side: Tensor | None = None) -> Tensor:
        latent = self.leave(self.blocks(self.enter(features))) + self.low(low) + self.envelope(envelope)
        return latent if side is None else latent + self.side(side)


class Decoder(nn.Module):
    """Decoder network: latent `[B, T, D]` to the output `Head`."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self._channels = config.channels
        self.enter = nn.Linear(config.latent, config.width)
        self.blocks = _blocks(config)
        self.leave = nn.Linear(config.width, 2 * config.bins)
        self._start_as_bands(config)

    @torch.no_grad()
    def _start_as_bands(self, config: CodecConfig) -> None:
        """Initialise the network to interpolate between the bands that the encoder averages."""
        n = config.mel_bands
        self.enter.weight[:n].zero_()
        self.enter.weight[:n, :n] = torch.eye(n)
        self.leave.weight[: config.bins] *= 0.3
        self.leave.weight[: config.bins, :n] = band_interpolation(config.bins, n, config.sample_rate)
        self.enter.bias.zero_()
        low = config.low_dimensions
        self.enter.weight[:, n : n + low].zero_()
        self.low = nn.Linear(config.latent, low, bias=False)
        self.low.weight.zero_()
        self.low.weight[:, n : n + low] = torch.eye(low)
        points, first = config.envelope_points, n + low + 2 * config.side_bands
        self.enter.weight[:, first : first + points].zero_()
        self.envelope = nn.Linear(config.latent, points, bias=False)
        self.envelope.weight.zero_()
        self.envelope.weight[:, first : first + points] = torch.eye(points)
        if config.channels == 2:
            self._start_side(config)

    def _start_side(self, config: CodecConfig) -> None:
        """Initialise the side path to invert the encoder's, with no detail within bands."""
        first, count = config.mel_bands + config.low_dimensions, 2 * config.side_bands
        self.side = nn.Linear(config.latent, count, bias=False)
        self.side.weight.zero_()
        self.side.weight[:, first : first + count] = torch.eye(count) / SIDE_SCALE
        self.enter.weight[:, first : first + count].zero_()
        self.leave_side = nn.Linear(config.width, 2 * config.bins)
        self.leave_side.weight[: config.bins].zero_()
        self.leave_side.bias[: config.bins].zero_()
        self.leave_side.bias[config.bins :] = _quarter_turns(config.bins)

    def forward(self, latent: Tensor) -> "Head":
        """Decode a latent to the `Head` that `Spectra.waveform` turns into sound."""
        frames = self.blocks(self.enter(latent))
        head, low, envelope = self.leave(frames), self.low(latent), self.envelope(latent)
        if self._channels == 1:
            return Head(head, low, envelope)
        return Head(head, low, envelope, self.side(latent), self.leave_side(frames))


def _quarter_turns(bins: int) -> Tensor:
    """Initial phases of the uncorrelated part of the side: 90 degrees before or after the mid, in runs of TURNED_BINS.

    At 90 degrees it neither correlates with the mid nor makes one channel louder. Runs keep its transients short.
    """
    signs = torch.randint(0, 2, (-(-bins // TURNED_BINS),)) * 2 - 1
    return math.pi / 2 * signs.repeat_interleave(TURNED_BINS)[:bins].float()


def _blocks(config: CodecConfig) -> nn.Sequential:
    return nn.Sequential(*(Block(config.width, config.kernel, config.expansion) for _ in range(config.blocks)))

"""Mel-spaced bands for initialising the network: band averages of a spectrum, and linear interpolation between them."""

import math

import torch
from torch import Tensor


def band_averages(bins: int, count: int, sample_rate: int) -> Tensor:
    """Matrix that averages a spectrum in mel-spaced bands: `(count, bins)`."""
    weights = band_interpolation(bins, count, sample_rate)
    return (weights / weights.sum(0)).T


def band_interpolation(bins: int, count: int, sample_rate: int) -> Tensor:
    """Matrix that interpolates a spectrum linearly between band values: `(bins, count)`."""
    top = 2595 * math.log10(1 + sample_rate / 1400)
    mels = 2595 * torch.log10(1 + torch.linspace(0, sample_rate / 2, bins) / 700)
    position = mels / top * (count - 1)
    return (1 - (position[:, None] - torch.arange(count)).abs()).clamp_min(0.0)

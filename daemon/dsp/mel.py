"""Differentiable log-mel spectra on the HTK scale, in torch."""

import functools
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from daemon.dsp.framing import hann, overlap_add

LOG_FLOOR = 1e-5


@functools.lru_cache(maxsize=64)
def mel_bands(n_fft: int, n_mels: int, sample_rate: int, device: torch.device) -> Tensor:
    """Unnormalised triangular bands from 0 Hz to Nyquist, equally spaced on `2595 log10(1 + f / 700)`.

    Shape: `(n_fft / 2 + 1, n_mels)`.
    """
    nyquist = torch.tensor(sample_rate / 2, dtype=torch.float64)
    top = 2595 * torch.log10(1 + nyquist / 700)
    edges_hz = 700 * (10 ** (torch.linspace(0, float(top), n_mels + 2, dtype=torch.float64) / 2595) - 1)
    bins_hz = torch.linspace(0, float(nyquist), n_fft // 2 + 1, dtype=torch.float64)
    slopes = edges_hz[None, :] - bins_hz[:, None]
    widths = edges_hz.diff()
    rising = -slopes[:, :-2] / widths[:-1]
    falling = slopes[:, 2:] / widths[1:]
    return torch.minimum(rising, falling).clamp_min(0).float().to(device)


def magnitudes(audio: Tensor, n_fft: int) -> Tensor:
    """Magnitude STFT: periodic Hann, hop `n_fft / 4`, reflect padding, centred.

    Signals too short to reflect are first zero-padded to `n_fft` samples.

    Shape: `[B, L]` to `[B, frames, n_fft / 2 + 1]`.
    """
    half = n_fft // 2
    if audio.shape[-1] <= half:
        audio = F.pad(audio, (0, n_fft - audio.shape[-1]))
    return cast(Tensor, _Magnitudes.apply(F.pad(audio[:, None], (half, half), mode="reflect")[:, 0], n_fft))


class _Magnitudes(torch.autograd.Function):
    """Magnitude STFT of padded audio `[B, P]` with an explicit gradient.

    Autograd alone makes a training step on a CPU a fifth longer (scripts/bench/profile_training.py): it inverts a
    padded complex spectrum where a real transform of half the size is enough, and adds frames up element by element.
    """

    @staticmethod
    def forward(ctx: Any, padded: Tensor, n_fft: int) -> Tensor:
        frames = padded.unfold(-1, n_fft, n_fft // 4)
        spectrum = torch.fft.rfft(frames * hann(n_fft, padded.device), dim=-1)
        # sqrt(re^2 + im^2 + tiny): abs() has no gradient at zero, which is all of digital silence
        magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-14).sqrt()
        ctx.save_for_backward(spectrum, magnitude)
        ctx.n_fft, ctx.samples = n_fft, padded.shape[-1]
        return magnitude

    @staticmethod
    @once_differentiable  # pyright: ignore[reportUntypedFunctionDecorator] - torch does not type it
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator hides the names
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None]:
        spectrum, magnitude = ctx.saved_tensors
        n_fft: int = ctx.n_fft
        # The sum over half the bins of Re(G e^{i w n}): an inverse real transform that counts inner bins once.
        scale = gradients[0] / magnitude * (n_fft / 2)
        scale[..., 0] *= 2
        scale[..., -1] *= 2
        frames = torch.fft.irfft(spectrum * scale, n=n_fft, dim=-1) * hann(n_fft, spectrum.device)
        summed = overlap_add(frames, n_fft // 4)
        return F.pad(summed, (0, ctx.samples - summed.shape[-1])), None


def log_mel(magnitude: Tensor, n_fft: int, n_mels: int, sample_rate: int) -> Tensor:
    """log10 of the banded magnitudes with floor 1e-5: `[B, T, n_fft / 2 + 1]` to `[B, T, n_mels]`."""
    banded = magnitude @ mel_bands(n_fft, n_mels, sample_rate, magnitude.device)
    return banded.clamp_min(LOG_FLOOR).log10()

"""Log-mel spectra on the HTK scale, in torch, differentiable."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from daemon.dsp.framing import hann

LOG_FLOOR = 1e-5


@functools.lru_cache(maxsize=64)
def mel_bands(n_fft: int, n_mels: int, sample_rate: int, device: torch.device) -> Tensor:
    """Unnormalised triangles from 0 Hz to Nyquist, equally spaced on `2595 log10(1 + f / 700)`.

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
    frames = F.pad(audio[:, None], (half, half), mode="reflect")[:, 0].unfold(-1, n_fft, n_fft // 4)
    spectrum = torch.fft.rfft(frames * hann(n_fft, audio.device), dim=-1)
    # sqrt(re^2 + im^2 + tiny): abs() has no gradient at the zeros that digital silence is full of
    return (spectrum.real.square() + spectrum.imag.square() + 1e-14).sqrt()


def log_mel(magnitude: Tensor, n_fft: int, n_mels: int, sample_rate: int) -> Tensor:
    """log10 of the banded magnitudes with floor 1e-5: `[B, T, n_fft / 2 + 1]` to `[B, T, n_mels]`."""
    banded = magnitude @ mel_bands(n_fft, n_mels, sample_rate, magnitude.device)
    return banded.clamp_min(LOG_FLOOR).log10()

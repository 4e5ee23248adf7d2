"""Exact, deterministic framing: `L` samples give `L / hop` frames and come back sample for sample.

A signal of whole hops is padded by `(n_fft - hop) / 2` zeros on both sides, so frame `i` is centred
on hop `i`. The inverse overlap-adds with the same Hann window and divides by the summed squared
window, which makes analysis followed by synthesis the identity (to rounding) up to both ends.

References: D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform",
1984, eq. 6; the padding is that of Vocos (`padding="same"`).
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor


@functools.lru_cache(maxsize=32)
def hann(length: int, device: torch.device) -> Tensor:
    """The periodic Hann window, `(length,)`; kept per device because it is asked for every step."""
    return torch.hann_window(length, periodic=True, device=device)


def analyse(audio: Tensor, n_fft: int, hop: int) -> Tensor:
    """Complex spectrogram of whole hops.

    Shape: `[B, L]` with `L` a multiple of `hop` to `[B, L / hop, n_fft / 2 + 1]`.
    """
    padding = (n_fft - hop) // 2
    frames = F.pad(audio, (padding, padding)).unfold(-1, n_fft, hop)
    return torch.fft.rfft(frames * hann(n_fft, audio.device), dim=-1)


def synthesise(spectrum: Tensor, n_fft: int, hop: int) -> Tensor:
    """Inverse of `analyse`.

    Shape: `[B, T, n_fft / 2 + 1]` complex to `[B, T * hop]`.
    """
    window = hann(n_fft, spectrum.device)
    frames = torch.fft.irfft(spectrum, n=n_fft, dim=-1) * window
    weight = (window * window).expand(1, spectrum.shape[-2], n_fft)
    total = overlap_add(frames, hop) / overlap_add(weight, hop).clamp_min(1e-8)
    padding = (n_fft - hop) // 2
    return total[:, padding : padding + spectrum.shape[-2] * hop]


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """`[B, T, N]` to `[B, (T + N / hop - 1) * hop]`; N a multiple of hop, so whole hops shift and add."""
    B, T, N = frames.shape
    parts = N // hop
    pieces = frames.reshape(B, T, parts, hop).unbind(2)  # one gradient for all, where indexing would fill one each
    total = F.pad(pieces[0], (0, 0, 0, parts - 1))
    for shift in range(1, parts):
        total = total + F.pad(pieces[shift], (0, 0, shift, parts - 1 - shift))
    return total.reshape(B, (T + parts - 1) * hop)

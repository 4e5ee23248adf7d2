"""Exact, deterministic STFT framing: `L` samples give `L / hop` frames and are restored sample for sample.

A signal of whole hops is padded by `(n_fft - hop) / 2` zeros on both sides, so frame `i` is centred
on hop `i`. The inverse overlap-adds with the same Hann window and divides by the summed squared
window, which makes analysis followed by synthesis the identity (to rounding) up to both ends.

References: D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform",
1984, eq. 6; the padding is that of Vocos (`padding="same"`).
"""

import functools
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor


@functools.lru_cache(maxsize=32)
def hann(length: int, device: torch.device) -> Tensor:
    """The periodic Hann window, `(length,)`; cached per device because every training step uses it."""
    return torch.hann_window(length, periodic=True, device=device)


def analyse(audio: Tensor, n_fft: int, hop: int) -> Tensor:
    """Complex spectrogram of a signal of whole hops.

    Shape: `[B, L]` with `L` a multiple of `hop` to `[B, L / hop, n_fft / 2 + 1]`.
    """
    padding = (n_fft - hop) // 2
    frames = F.pad(audio, (padding, padding)).unfold(-1, n_fft, hop)
    return torch.fft.rfft(frames * hann(n_fft, audio.device), dim=-1)


def synthesise(spectrum: Tensor, n_fft: int, hop: int) -> Tensor:
    """Inverse of `analyse`, exact to rounding.

    Shape: `[B, T, n_fft / 2 + 1]` complex to `[B, T * hop]`.
    """
    window = hann(n_fft, spectrum.device)
    T = spectrum.shape[-2]
    frames = torch.fft.irfft(spectrum, n=n_fft, dim=-1) * window
    total = overlap_add(frames, hop) / overlapped(window * window, T, hop).clamp_min(1e-8)
    padding = (n_fft - hop) // 2
    return total[:, padding : padding + T * hop]


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Overlap-add frames `[B, T, N]` to `[B, (T + N / hop - 1) * hop]`; N must be a multiple of hop."""
    return cast(Tensor, _OverlapAdd.apply(frames, hop))


def overlapped(frame: Tensor, count: int, hop: int) -> Tensor:
    """Overlap-add the same frame `(N,)` `count` times: `((count + N / hop - 1) * hop,)`.

    All hops between the two ends are equal, so only the ends are added up.
    """
    parts = len(frame) // hop
    few = min(count, parts)
    ends = overlap_add(frame.expand(1, few, -1), hop).reshape(-1, hop)
    middle = ends[few - 1].expand(count - few, hop)
    return torch.cat([ends[:few], middle, ends[few:]]).reshape(-1)


class _OverlapAdd(torch.autograd.Function):
    """Overlap-add in place with an explicit gradient; autograd alone would pad and copy every piece."""

    @staticmethod
    def forward(ctx: Any, frames: Tensor, hop: int) -> Tensor:
        B, T, N = frames.shape
        parts = N // hop
        ctx.parts, ctx.hop = parts, hop
        total = frames.new_zeros(B, T + parts - 1, hop)
        for shift, piece in enumerate(frames.reshape(B, T, parts, hop).unbind(2)):
            total[:, shift : shift + T] += piece
        return total.reshape(B, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        parts = ctx.parts
        (gradient,) = gradients
        hops = gradient.reshape(len(gradient), -1, ctx.hop)
        T = hops.shape[1] - parts + 1
        return torch.cat([hops[:, shift : shift + T] for shift in range(parts)], dim=-1), None

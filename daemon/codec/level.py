"""Measure how much louder a sound is than its decode, from short stretches of both.

A codec predicts the middle of what it is unsure of, which is quieter than the mean: 1 to 6 dB after 90 s of training,
and 18 dB if it lacks the partial that makes most of a sound's loudness. Encoding therefore decodes part of its result
and stores the level difference beside the codes. Decoding all of a long sound would add half of the encoding time, so
eight stretches of 12 frames (0.26 s) are decoded in one pass, without context: the loudest of each eighth of the sound.
Loud stretches determine the loudness, and a single hit in a minute of silence is always among them. The difference is
made up as a whole, so that an unedited decode is as loud as its source (`scripts/bench/bench_level.py`). Accuracy, and
what it costs in other measures: docs/adr/0003-codec.md.

References: ITU-R BS.1770-4 for the weighting. Deviation: no gate, because powers are added and quiet stretches add
little.
"""

import functools
import itertools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.dsp.audio import Audio
from daemon.dsp.loudness import HIGHPASS, SHELF, SILENCE_LUFS

STRETCHES, STRETCH_FRAMES = 8, 12
MOST_CORRECTED_DB = 16.0


def loudest_stretches(signal: Audio, hop_length: int) -> list[tuple[int, int]]:
    """Frame ranges to compare of a sound `(L,)` or `(2, L)`: the loudest of each eighth, or all if it is short.

    The last frame of a long sound may be incomplete and is never included.
    """
    whole, rest = divmod(signal.shape[-1], hop_length)
    if whole <= STRETCHES * STRETCH_FRAMES:
        return [(0, whole + (rest > 0))]
    frames = signal[..., : whole * hop_length].reshape(-1, whole, hop_length)
    energies = np.einsum("cth,cth->t", frames, frames)  # squaring an hour of sound would double its memory
    until = np.concatenate([[0.0], energies.cumsum(dtype=np.float64)])
    powers = until[STRETCH_FRAMES:] - until[:-STRETCH_FRAMES]  # power of the stretch that starts at each frame
    edges = np.linspace(0, whole, STRETCHES + 1).astype(int).tolist()
    starts = [lo + int(powers[lo : hi + 1 - STRETCH_FRAMES].argmax()) for lo, hi in itertools.pairwise(edges)]
    return [(start, start + STRETCH_FRAMES) for start in starts]


def missing_level_db(source: Tensor, made: Tensor) -> float:
    """Gain in dB, at most MOST_CORRECTED_DB up or down, that gives a decode the source's level; both `(..., L)`.

    Both are at the codec's reference loudness and 48 kHz. Silence is left unchanged.
    """
    wanted, got = power(source), power(made)
    if min(wanted, got) <= 10 ** ((SILENCE_LUFS + 0.691) / 10):
        return 0.0
    return max(-MOST_CORRECTED_DB, min(MOST_CORRECTED_DB, 10 * math.log10(wanted / got)))


def power(audio: Tensor) -> float:
    """K-weighted mean power of a sound `(..., L)` at 48 kHz, over all its channels; full scale is 1."""
    size = 1 << (audio.shape[-1] - 1).bit_length()
    spectrum = torch.fft.rfft(audio, size)
    weighed = (spectrum.real.square() + spectrum.imag.square()) * _k_weights(size).to(audio.device)
    # By Parseval; the spectrum of a real signal is symmetric, hence the factor 2.
    return 2 * float(weighed.sum()) / (size * audio.numel())


def hop_levels_db(audio: Tensor, hop_length: int) -> NDArray[np.float64]:
    """K-weighted level of each hop of a sound `(C, L)` at 48 kHz in dB, over all its channels, not below -120 dB."""
    size = 1 << (audio.shape[-1] - 1).bit_length()
    weights = _k_weights(size).to(audio.device).sqrt()
    weighed = torch.fft.irfft(torch.fft.rfft(audio, size) * weights, size)[..., : audio.shape[-1]]
    hops = audio.shape[-1] // hop_length
    powers = weighed[..., : hops * hop_length].reshape(-1, hops, hop_length).square().mean((0, 2))
    return (10 * (powers.double() + 1e-12).log10()).cpu().numpy()


@functools.lru_cache(maxsize=8)
def _k_weights(size: int) -> Tensor:
    """Power response of the K-weighting at the frequencies of a real FFT of `size` samples at 48 kHz."""
    z = torch.exp(-2j * math.pi * torch.fft.rfftfreq(size, dtype=torch.float64))
    shelf, highpass = (
        (feed[0] + feed[1] * z + feed[2] * z**2) / (back[0] + back[1] * z + back[2] * z**2)
        for feed, back in (SHELF, HIGHPASS)
    )
    return (shelf * highpass).abs().square().float()

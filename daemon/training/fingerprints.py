"""Audio fingerprints: level and band energies of a recording over time, small enough to compare hundreds.

Data flow: memory-mapped audio, read once in chunks → mono → the level of every hop of 43 ms, and the energies of
`BANDS` bands below 6 kHz relative to the recording's own level, so that copies at other levels have the same
fingerprint. The fingerprints of five hundred recordings of five minutes take 170 MB.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protocol.units import SAMPLE_RATE_HZ

HOP = 2048
"""Samples per hop: 42.7 ms."""
BANDS = 12
_DECIMATION = 4
_WINDOW = 2 * HOP // _DECIMATION
_CHUNK_HOPS = 1024
_EDGES_HZ = np.geomspace(60.0, 6_000.0, BANDS + 1)
_FLOOR = 1e-4
"""Floor of band powers relative to the mean of loud hops, -40 dB; lossy formats change quieter sound."""
_LOUD = 0.01
"""Share of the largest power from which a hop counts as loud."""
_SILENCE = 1e-12


class Fingerprint(NamedTuple):
    """Fingerprint of one recording, hop by hop."""

    levels_db: NDArray[np.float32]
    """`(T,)`: RMS level of each hop of the mono mean in dBFS, without its DC offset."""
    bands: Tensor
    """`(BANDS, T)`: log10 of band powers over the recording's own level; a window spans this hop and the next."""
    colour: NDArray[np.float32]
    """`(BANDS,)`: log10 of the bands' mean powers, minus their mean."""


def fingerprint(audio: NDArray[np.float32]) -> Fingerprint:
    """Compute the fingerprint of one recording, `(C, L)`."""
    levels: list[NDArray[np.float32]] = []
    pieces: list[Tensor] = []
    before = np.zeros(0, np.float32)
    for mono in _chunks(audio):
        hops = mono.reshape(-1, HOP)
        power = np.einsum("ij,ij->i", hops, hops) / HOP - np.square(hops.mean(1))
        levels.append(10 * np.log10(np.maximum(power, _SILENCE)))
        small = hops.reshape(-1, _DECIMATION) @ np.full(_DECIMATION, 1 / _DECIMATION, np.float32)
        joined = np.concatenate([before, small])
        pieces.append(_bands(joined))
        before = joined[-_WINDOW // 2 :]
    last = np.concatenate([before, np.zeros(_WINDOW // 2, np.float32)])
    power = torch.cat([*pieces, _bands(last)], 1)
    whole = power.sum(0)
    floor = _FLOOR * whole[whole >= _LOUD * whole.max()].mean() + _SILENCE
    relative = ((power + floor) / floor).log10()
    mean = (power.mean(1) + floor).log10()
    return Fingerprint(np.concatenate(levels).astype(np.float32), relative, (mean - mean.mean()).numpy())


def _chunks(audio: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Yield the mono mean in chunks of whole hops; the last hop is filled with silence."""
    channels, samples = audio.shape
    share = np.full(channels, 1 / channels, np.float32)
    for lo in range(0, samples, _CHUNK_HOPS * HOP):
        mono = np.ascontiguousarray(audio[:, lo : lo + _CHUNK_HOPS * HOP].T) @ share
        yield np.pad(mono, (0, -mono.size % HOP))


@torch.no_grad()
def _bands(sound: NDArray[np.float32]) -> Tensor:
    """Band powers, `(BANDS, frames)`, of a decimated sound."""
    if sound.size < _WINDOW:
        return torch.zeros(BANDS, 0)
    frames = torch.from_numpy(sound).unfold(0, _WINDOW, _WINDOW // 2)
    frames = (frames - frames.mean(1, keepdim=True)) * torch.hann_window(_WINDOW)
    power = torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1)
    return (power @ _BAND_OF_BIN / _WINDOW**2).T.contiguous()


def _band_of_bin() -> Tensor:
    hz = np.fft.rfftfreq(_WINDOW, _DECIMATION / SAMPLE_RATE_HZ)
    band = np.digitize(hz, _EDGES_HZ) - 1
    return torch.from_numpy((band[:, None] == np.arange(BANDS)[None]).astype(np.float32))


_BAND_OF_BIN = _band_of_bin()

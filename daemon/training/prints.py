"""What a recording sounds like, small enough to compare hundreds: its level and the energy of its bands over time.

Data flow: memory-mapped audio, read once in chunks → mono → the level of every hop of 43 ms, and the energies of
`BANDS` bands below 6 kHz relative to the recording's own level, so that copies at other levels give the same print.
Five hundred recordings of five minutes make 170 MB of prints.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protocol.units import SAMPLE_RATE_HZ

HOP = 2048
"""Samples of a hop: 42.7 ms."""
BANDS = 12
_DECIMATION = 4
_WINDOW = 2 * HOP // _DECIMATION
_CHUNK_HOPS = 1024
_EDGES_HZ = np.geomspace(60.0, 6_000.0, BANDS + 1)
_FLOOR = 1e-4
"""Of the mean power where it is loud, -40 dB: what is quieter a lossy copy changes."""
_LOUD = 0.01
"""Of the most power: where a recording is loud."""
_SILENCE = 1e-12


class Print(NamedTuple):
    """One recording, hop by hop."""

    levels_db: NDArray[np.float32]
    """`(T,)`: mean level of a hop's mono mean in dBFS, without its DC offset."""
    bands: Tensor
    """`(BANDS, T)`: log10 of band powers over the recording's own level; a window spans this hop and the next."""
    colour: NDArray[np.float32]
    """`(BANDS,)`: log10 of the bands' mean powers, their own mean left out."""


def print_of(audio: NDArray[np.float32]) -> Print:
    """Listen to one recording, `(C, L)`."""
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
    return Print(np.concatenate(levels).astype(np.float32), relative, (mean - mean.mean()).numpy())


def _chunks(audio: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Mono, in whole hops; the last one is filled up with silence."""
    channels, samples = audio.shape
    share = np.full(channels, 1 / channels, np.float32)
    for lo in range(0, samples, _CHUNK_HOPS * HOP):
        mono = np.ascontiguousarray(audio[:, lo : lo + _CHUNK_HOPS * HOP].T) @ share
        yield np.pad(mono, (0, -mono.size % HOP))


@torch.no_grad()
def _bands(sound: NDArray[np.float32]) -> Tensor:
    """Band powers, `(BANDS, frames)`, of what was decimated."""
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

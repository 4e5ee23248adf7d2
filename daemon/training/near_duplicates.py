"""Find a stretch of one recording in another: the same take at another level, as MP3, trimmed or shifted.

The corpus keeps identical recordings only once. But a near duplicate could be in both the training and the held-out
set, and the held-out error would be too low. An excerpt matters as much as a whole copy.

Data flow: a window of one fingerprint (1.5 s, or all of a shorter recording) → slid over the other fingerprint:
correlation of the bands' changes over time, and for steady sounds their difference at equal level → the few best
positions → correlation of the two waveforms there. A copy keeps its waveform through gain, a lossy format and a shift;
another take of the same notes does not. Measurements: docs/adr/0094-held-out.md.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from daemon.training.blocks import Span
from daemon.training.fingerprints import HOP, Fingerprint

WINDOW = 36
"""Hops per window: 1.5 s."""
ALIKE = 0.65
"""Correlation of two waveforms from which they count as the same take."""
_MOVES_ALIKE, _APART = 0.5, 0.12
"""A position is examined from this correlation, or up to this difference (log10 of power: 1.2 dB)."""
_MOST_PLACES = 4
_MOST_WINDOWS = 4
"""Windows of a recording that are searched for in another one."""
_LEAST_ENERGY = 1e-9
_LONG = 1400
"""Hops (a minute) from which fewer positions are examined, so that 500 recordings take minutes and not an hour."""
_OTHER_COLOUR = 0.45
"""Mean difference of mean spectra (4.5 dB) from which two short recordings are not compared further."""


class Recording(NamedTuple):
    """A recording with its fingerprint."""

    name: str
    fingerprint: Fingerprint
    mono: Callable[[int, int], NDArray[np.float32]]
    """Samples `lo` to `hi`, channels averaged."""
    samples: int

    @property
    def hops(self) -> int:
        """Hops of the fingerprint that the silence after the recording does not affect."""
        return max(1, self.samples // HOP - 1)


def lags(one: Recording, start: int, other: Recording, most: int = _MOST_PLACES) -> list[int]:
    """Find the window of `one` that begins at hop `start` in `other`.

    If `other` is shorter than the window, all of it is searched for around the window instead.

    Returns:
        Offsets in samples that map a position in `one` to its copy in `other`, the most likely first.
    """
    hops = min(WINDOW, one.hops - start)
    if other.hops >= hops:
        return _places(one, start, hops, other, (0, other.hops), most)
    lo, hi = max(0, start - other.hops), min(one.hops, start + hops + other.hops)
    return [-lag for lag in _places(other, 0, other.hops, one, (lo, hi), most)]


def copies(one: Recording, span: Span, other: Recording) -> list[Span]:
    """Stretches of `other` that are a copy of a stretch of `one`, or overlap one."""
    first, last = span.start // HOP, max(0, min(one.hops, span.stop // HOP) - WINDOW)
    starts = [max(0, min((first + last) // 2, one.hops - WINDOW))]
    if last > first:
        starts = [*range(first, last, WINDOW), last]
    moved = {Span(span.start + lag, span.stop + lag) for start in starts for lag in lags(one, start, other)}
    return [there for span in sorted(moved) if (there := span.within(other.samples)).length > 0]


def is_related(one: Recording, other: Recording) -> bool:
    """Whether one of some loud windows of the shorter recording also occurs in the longer one."""
    short, long = sorted((one, other), key=lambda recording: recording.hops)
    if long.hops <= WINDOW and float(np.abs(short.fingerprint.colour - long.fingerprint.colour).mean()) > _OTHER_COLOUR:
        return False
    most = _MOST_PLACES if long.hops < _LONG else _MOST_PLACES // 2
    return any(lags(short, start, long, most) for start in _loud_starts(short))


def _loud_starts(recording: Recording) -> list[int]:
    """First hops of `_MOST_WINDOWS` windows, spread evenly over the audible part of a recording."""
    power = 10 ** (recording.fingerprint.levels_db[: recording.hops] / 10)
    audible = np.flatnonzero(power >= 1e-3 * power.max())
    chosen = audible[((np.arange(_MOST_WINDOWS) + 0.5) / _MOST_WINDOWS * audible.size).astype(int)]
    return sorted({int(start) for start in np.clip(chosen - WINDOW // 2, 0, max(0, recording.hops - WINDOW))})


def _places(query: Recording, start: int, hops: int, other: Recording, region: tuple[int, int], most: int) -> list[int]:
    lo, hi = region
    scores = _scores(query.fingerprint.bands[:, start : start + hops], other.fingerprint.bands[:, lo:hi])
    found: list[tuple[float, int]] = []
    for place in _peaks(scores, hops, most):
        lag = (lo + place - start) * HOP
        likeness, fine = _waveforms(query, start * HOP, hops * HOP, other, lag)
        if likeness >= ALIKE:
            found.append((likeness, lag + fine))
    return [lag for _, lag in sorted(found, reverse=True)]


@torch.no_grad()
def _scores(query: Tensor, other: Tensor) -> Tensor:
    """Similarity of `query`, `(BANDS, n)`, to every position of `other`; 0 below the thresholds."""
    n, cells = query.shape[1], query.numel()
    means = query.mean(1)
    moving = query - means[:, None]
    product = F.conv1d(other[None], moving[None])[0, 0]
    sums, squares = _sums(other, n), _sums(other.square().sum(0), n)
    energy = (squares - sums.square().sum(0) / n).clamp_min(_LEAST_ENERGY)
    moved = product / (energy * moving.square().sum().clamp_min(_LEAST_ENERGY)).sqrt()
    level = (query.sum() - sums.sum(0)) / cells
    apart = (query.square().sum() + squares - 2 * (product + means @ sums)) / cells - level.square()
    near = 1 - apart.clamp_min(0).sqrt() * (0.5 / _APART)
    return torch.maximum(moved, near) * ((moved >= _MOVES_ALIKE) | (near >= 0.5))


def _sums(values: Tensor, n: int) -> Tensor:
    """Sums of every `n` consecutive values."""
    until = F.pad(values.double().cumsum(-1), (1, 0))
    return (until[..., n:] - until[..., :-n]).float()


def _peaks(scores: Tensor, hops: int, most: int) -> list[int]:
    """The best positions that are at least a third of a window apart."""
    left, places = scores.clone(), list[int]()
    while len(places) < most and float(left.max()) > 0:
        place = int(left.argmax())
        places.append(place)
        left[max(0, place - hops // 3) : place + hops // 3 + 1] = 0
    return places


def _waveforms(one: Recording, start: int, length: int, other: Recording, lag: int) -> tuple[float, int]:
    """Best correlation, 0 to 1, of a stretch with `other` around `lag`, and the offset from `lag` in samples.

    The waveforms are compared below 12 kHz, because lossy formats replace what is higher, and differentiated, because
    the lowest octaves of all kicks are similar.
    """
    slack = (length // HOP // 3 + 2) * HOP
    wanted = _halved(one, start, min(one.samples, start + length))
    searched = _halved(other, start + lag - slack, start + lag + length + slack)
    places = searched.numel() - wanted.numel() + 1
    size = 1 << (searched.numel() - 1).bit_length()
    crossed = torch.fft.irfft(torch.fft.rfft(searched, size) * torch.fft.rfft(wanted, size).conj(), size)[:places]
    energy = F.pad(searched.double().square().cumsum(0), (1, 0))
    under = energy[wanted.numel() : wanted.numel() + places] - energy[:places]
    under = under.clamp_min(max(_LEAST_ENERGY, 1e-3 * float(under.max())))  # near silence is similar to nothing
    likeness = crossed.double().abs() / (under * wanted.double().square().sum()).sqrt().clamp_min(_LEAST_ENERGY)
    best = int(likeness.argmax())
    return float(likeness[best]), 2 * best - slack


def _halved(recording: Recording, lo: int, hi: int) -> Tensor:
    """Samples `lo` to `hi` at half the rate, without their mean, differentiated; silence outside of the recording."""
    begin, end = np.clip((lo, hi), 0, recording.samples).tolist()
    sound = np.zeros((hi - lo) // 2 * 2, np.float32)
    if begin < end:
        part = recording.mono(begin, end)
        sound[begin - lo : end - lo] = (part - part.mean())[: sound.size - (begin - lo)]
    halved = sound.reshape(-1, 2).mean(1)
    return torch.from_numpy(np.diff(halved, prepend=np.float32(0)).astype(np.float32))

"""Audio descriptors of a short stretch of sound: eight properties that a musician has words for.

References: G. Peeters et al., "The Timbre Toolbox", 2011, for centroid, spread, flatness and spectral flux; ITU-R
BS.1770-4 for the weighting of loudness; P. Daniel and R. Weber, "Psychoacoustical roughness", 1997, for roughness as
envelope modulation between 20 and 150 Hz in bands; P. McLeod and G. Wyvill, "A smarter way to find pitch", 2005, for
the normalised autocorrelation. Deviations: centroid and spread are computed on magnitudes and given in octaves, the
scale on which pitch is perceived; roughness is the share of modulation in eight bands, weighted by their energy,
without the hearing model.
"""

import functools
import math
from itertools import pairwise

import torch
from torch import Tensor

from daemon.dsp.loudness import HIGHPASS, SHELF
from protocol.units import SAMPLE_RATE_HZ

DESCRIPTORS = ("loudness", "brightness", "spread", "noisiness", "roughness", "warmth", "attack", "pitch")
"""Order of the last axis of every table of this package. A test keeps names and units equal to `protocol.atlas`."""
UNITS = ("dB", "octaves", "octaves", "dB", "share", "dB", "share", "share")
STEPS = (2.0, 0.2, 0.2, 3.0, 0.06, 3.0, 0.2, 0.1)
"""Size of one step of each descriptor, in its unit: a change that is clear, and not yet another sound (docs/adr/0097).

Nudges count in steps, and changes of different descriptors are compared in them."""
SHORTEST_SAMPLES = 4096

_N_FFT, _HOP = 2048, 512
_FINE_FFT, _FINE_HOP = 256, 64
_RISE = 16  # fine hops
_COMPRESSION = 0.3  # of power: about how loudness grows
_POWER_FLOOR = 1e-9  # of a Hann spectrum: about -110 dBFS per bin, far below what a codec codes on purpose
_LOW_HZ, _WARM_HZ, _HIGH_HZ, _TOP_HZ = 40.0, 500.0, 2000.0, 16_000.0
_BAND_EDGES_HZ = (60, 200, 400, 800, 1500, 3000, 6000, 10_000, 16_000)
_ROUGH_HZ = (20.0, 150.0)
_PITCH_HZ = (70.0, 1200.0)


@torch.no_grad()
def describe(audio: Tensor) -> Tensor:
    """Measure stretches of mono sound at 48 kHz: `[B, L]`, L at least `SHORTEST_SAMPLES`, to `[B, 8]` float32."""
    return describe_with_gradient(audio)


def describe_with_gradient(audio: Tensor) -> Tensor:
    """Measure as `describe` does, recording what autograd needs to differentiate the result by the sound."""
    power, fine = _power(audio), _fine_power(audio)
    total = power.mean(1)
    hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, total.shape[-1], device=audio.device)
    centroid, spread = _centroid(total.sqrt(), hz)
    low, high = (total * (hz < _WARM_HZ) * (hz > _LOW_HZ)).sum(-1), (total * (hz > _HIGH_HZ)).sum(-1)
    columns = [
        _decibels((total * _k_weights(audio.device)).sum(-1)),
        centroid,
        spread,
        _flatness_db(power[..., (hz > _LOW_HZ) & (hz < _TOP_HZ)]),
        _roughness(fine),
        _decibels(low) - _decibels(high),
        _attack(fine),
        _pitch(audio),
    ]
    return torch.stack(columns, -1).float()


def _frames(audio: Tensor, size: int, hop: int) -> Tensor:
    """Overlapping frames `[B, n, size]`, as `unfold` gives them; the gradient of unfold adds element by element."""
    count = (audio.shape[-1] - size) // hop + 1
    hops = audio[:, : (count - 1) * hop + size].unflatten(-1, (-1, hop))
    return torch.cat([hops[:, place : place + count] for place in range(size // hop)], -1)


def _decibels(power: Tensor) -> Tensor:
    return 10 * (power + _POWER_FLOOR).log10()


def _power(audio: Tensor) -> Tensor:
    """Power spectra `[B, frames, bins]` of the frames that lie wholly inside the audio."""
    window = torch.hann_window(_N_FFT, device=audio.device)
    frames = _frames(audio, _N_FFT, _HOP) * window
    return torch.fft.rfft(frames).abs().square() / float(window.square().sum()) / _N_FFT


def _centroid(magnitude: Tensor, hz: Tensor) -> tuple[Tensor, Tensor]:
    weight = magnitude * (hz > _LOW_HZ) + 1e-9
    share = weight / weight.sum(-1, keepdim=True)
    centre = (share * hz).sum(-1)
    width = (share * (hz - centre[:, None]).square()).sum(-1).sqrt()
    return centre.clamp_min(1).log2(), width.clamp_min(1).log2()


def _flatness_db(power: Tensor) -> Tensor:
    floored = power + _POWER_FLOOR * 1e-3
    return 10 * (floored.log10().mean(-1) - floored.mean(-1).log10()).mean(-1)


def _fine_power(audio: Tensor) -> Tensor:
    """Power of eight bands every 1.3 ms: `[B, frames, 8]`."""
    window = torch.hann_window(_FINE_FFT, device=audio.device)
    frames = _frames(audio, _FINE_FFT, _FINE_HOP) * window
    power = torch.fft.rfft(frames).abs().square() / float(window.square().sum()) / _FINE_FFT
    return power @ _bands(power.shape[-1], audio.device)


def _attack(bands: Tensor) -> Tensor:
    """Steepest rise within 21 ms as a share of the mean, over compressed band powers."""
    strength = (bands + _POWER_FLOOR).pow(_COMPRESSION).sum(-1)
    rise = strength[:, _RISE:] - strength[:, :-_RISE]
    return rise.amax(-1) / strength.mean(-1)


def _roughness(bands: Tensor) -> Tensor:
    """Share of a band's envelope modulated at 20 to 150 Hz, averaged over bands by their energy."""
    envelope = (bands + _POWER_FLOOR).sqrt()
    length = envelope.shape[1]
    window = torch.hann_window(length, device=bands.device)[:, None]
    beating = torch.fft.rfft((envelope - envelope.mean(1, keepdim=True)) * window, dim=1).abs().square()
    hz = torch.arange(beating.shape[1], device=bands.device) * (SAMPLE_RATE_HZ / _FINE_HOP / length)
    energy = (envelope * window).square().sum(1)
    beaten = beating[:, (hz >= _ROUGH_HZ[0]) & (hz <= _ROUGH_HZ[1])].sum(1) * 2 / length
    depth = (beaten / energy).clamp_max(1).sqrt()
    return (depth * energy).sum(-1) / energy.sum(-1)


def _pitch(audio: Tensor) -> Tensor:
    """Highest normalised autocorrelation at the lag of a pitch between 70 and 1200 Hz, 0 to 1."""
    length = audio.shape[-1]
    spectrum = torch.fft.rfft(audio, 2 * length)
    correlation = torch.fft.irfft(spectrum.abs().square())[:, :length]
    energy = audio.square().cumsum(-1)
    whole = energy[:, -1:]
    lags = torch.arange(1, length, device=audio.device)
    both = energy.flip(-1)[:, lags] + (whole - energy[:, lags - 1])
    normal = 2 * correlation[:, 1:] / (both + 1e-9)
    first, last = round(SAMPLE_RATE_HZ / _PITCH_HZ[1]), min(round(SAMPLE_RATE_HZ / _PITCH_HZ[0]), length // 2)
    return normal[:, first:last].amax(-1).clamp(0, 1)


@functools.lru_cache(maxsize=8)
def _bands(bins: int, device: torch.device) -> Tensor:
    hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, bins, device=device)
    edges = pairwise(_BAND_EDGES_HZ)
    return torch.stack([((hz >= low) & (hz < high)).float() for low, high in edges], -1)


@functools.lru_cache(maxsize=4)
def _k_weights(device: torch.device) -> Tensor:
    """Power response of BS.1770's two filters at the bins: `(bins,)`."""
    turn = torch.exp(-1j * torch.linspace(0, math.pi, _N_FFT // 2 + 1, dtype=torch.float64))
    response = torch.ones_like(turn)
    for above, below in (SHELF, HIGHPASS):
        response = response * sum(c * turn**n for n, c in enumerate(above))
        response = response / sum(c * turn**n for n, c in enumerate(below))
    return response.abs().square().float().to(device)

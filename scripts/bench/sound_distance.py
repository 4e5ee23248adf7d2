"""How far the sound of one set of clips is from another: Fréchet distance, grain and pulse.

Clips are cut into windows of 1 s every 0.5 s. A window's features are the mean and the deviation of 40 log-mel bands,
its modulation at 1-4, 4-12 and 12-32 Hz, its upward flux, the share of frames with much of it, its centroid and its
range. Each group of features counts as much as another; they are standardised on the reference, and reduced to `AXES`
principal axes. All clips are brought to the same loudness first. Reference: K. Kilgour et al., "Fréchet audio
distance", 2019; features are measurements and not a network's, because no network is at hand that knows single drums.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.dsp.loudness import integrated_lufs

AXES = 20
_RATE, _FFT, _HOP = 48_000, 2048, 480
_REFERENCE_LUFS = -20.0
_FLOOR_DB = -60.0
_PULSE_S = (0.2, 2.0)

Features = NDArray[np.float64]
Sound = NDArray[np.float32]


def mel_db(sound: Sound) -> NDArray[np.float64]:
    """Level of 40 mel bands every 10 ms, dB under the loudest, `(T, 40)`."""
    mono = sound if sound.ndim == 1 else sound.mean(0)
    mono = mono * 10 ** ((_REFERENCE_LUFS - integrated_lufs(mono)) / 20) if mono.any() else mono
    if len(mono) < _FFT:
        mono = np.pad(mono, (0, _FFT - len(mono)))
    window = torch.hann_window(_FFT)
    power = torch.stft(torch.from_numpy(mono.astype(np.float32)), _FFT, _HOP, window=window, return_complex=True)
    bands = _filters() @ power.abs().square().numpy()
    return 10 * np.log10(np.maximum(bands, 1e-3)).T


def _filters() -> NDArray[np.float64]:
    mel = np.linspace(2595 * np.log10(1 + 40 / 700), 2595 * np.log10(1 + 16_000 / 700), 42)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hz = np.linspace(0, _RATE / 2, _FFT // 2 + 1)
    rise = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    filters = np.maximum(0, np.minimum(rise, fall))
    return filters / np.maximum(filters.sum(1, keepdims=True), 1e-9)


def flux_db(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean upward change of the bands over 20 ms, `(T,)`."""
    changed = np.zeros(len(levels))
    changed[2:] = np.maximum(0, levels[2:] - levels[:-2]).mean(1)
    return changed


def windows_of(sound: Sound) -> list[Features]:
    """Features of every window of a sound, in groups joined to one vector."""
    levels = mel_db(sound)
    flux = flux_db(levels)
    made = []
    for lo in range(0, max(1, len(levels) - 99), 50):
        made.append(_window(levels[lo : lo + 100], flux[lo : lo + 100]))
    return made


def _window(levels: NDArray[np.float64], flux: NDArray[np.float64]) -> Features:
    thirds = np.array_split(levels, 3, 1)
    modulation = []
    for third in thirds:
        spectrum = np.abs(np.fft.rfft(third.mean(1) - third.mean(), 128)) / len(third)
        hz = np.arange(len(spectrum)) * 100 / 128
        modulation += [spectrum[(hz >= low) & (hz < high)].sum() for low, high in ((1, 4), (4, 12), (12, 32))]
    weight = 10 ** (levels.mean(0) / 10)
    centroid = (np.arange(40) * weight).sum() / weight.sum()
    rest = [flux.mean(), np.median(flux), (flux > 3).mean(), centroid, np.ptp(levels.mean(1))]
    groups = (levels.mean(0), levels.std(0), np.array(modulation), np.array(rest))
    return np.concatenate([group / np.sqrt(len(group)) for group in groups])


class Reference:
    """Clips that others are compared with."""

    def __init__(self, sounds: list[Sound]) -> None:
        rows = np.array([window for sound in sounds for window in windows_of(sound)])
        self._mean, self._scale = rows.mean(0), rows.std(0) + 1e-9
        sizes = [40, 40, 9, 5]
        self._weight = np.concatenate([np.full(size, 1 / np.sqrt(size)) for size in sizes])
        whitened = (rows - self._mean) / self._scale * self._weight
        _, vectors = np.linalg.eigh(np.cov(whitened, rowvar=False))
        self._axes = vectors[:, ::-1][:, :AXES]
        self.rows = whitened @ self._axes

    def distance(self, sounds: list[Sound]) -> float:
        """Fréchet distance of clips to the reference."""
        return frechet(self.features(sounds), self.rows)

    def features(self, sounds: list[Sound]) -> Features:
        """Features of the windows of clips in the axes of the reference, `(N, AXES)`."""
        rows = np.array([window for sound in sounds for window in windows_of(sound)])
        return (rows - self._mean) / self._scale * self._weight @ self._axes


def frechet(first: Features, second: Features) -> float:
    """Fréchet distance of two sets of rows, taken as normal."""
    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0)).sum()
    return float(np.square(first.mean(0) - second.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * mixed)


def median_flux(sounds: list[Sound]) -> float:
    """Median upward flux over all clips, dB in 20 ms: how grainy they are."""
    return float(np.median(np.concatenate([flux_db(mel_db(sound)) for sound in sounds])))


def pulse(sound: Sound) -> float:
    """Highest autocorrelation of the flux at a lag of 0.2 to 2 s: 1 for a strict repetition."""
    flux = flux_db(mel_db(sound))
    flux = flux - flux.mean()
    lags = np.arange(round(_PULSE_S[0] * 100), min(round(_PULSE_S[1] * 100), len(flux) // 2))
    energy = float(flux @ flux)
    if not len(lags) or energy <= 0:
        return 0.0
    return max(float(flux[lag:] @ flux[:-lag]) / energy * len(flux) / (len(flux) - lag) for lag in lags)

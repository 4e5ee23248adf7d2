"""How far a decoded sound is from its source: the official held-out measure and its companions.

**Multi-scale log-mel** (`mel_distance`, lower is better): mono mean at 48 kHz; six scales with
periodic Hann windows of 4096, 2048, 1024, 512, 256 and 128 samples, hop = window / 4; magnitude STFT,
centred, reflect padding; 210, 160, 80, 40, 20 and 10 unnormalised triangular HTK bands from 0 to
24 kHz; log10 with floor 1e-5; mean absolute difference, averaged over scales (and by the caller over
files).

Signals are `(L,)`, or `(2, L)`, left and right, of which the mono mean is measured; `side_distance` is about
what that mean leaves out.
"""

import math

import numpy as np
import torch
from torch import Tensor

from daemon.dsp.audio import Audio
from daemon.dsp.mel import log_mel, magnitudes
from protocol.units import SAMPLE_RATE_HZ

SCALES: tuple[tuple[int, int], ...] = (
    (4096, 210),
    (2048, 160),
    (1024, 80),
    (512, 40),
    (256, 20),
    (128, 10),
)
STFT_WINDOWS = (2048, 1024, 512)


def mel_distance(source: Audio, decoded: Audio, sample_rate: int = SAMPLE_RATE_HZ) -> float:
    """The official measure between two signals of one length."""
    return _mel_distance(*_pair(source, decoded), sample_rate)


def side_distance(source: Audio, decoded: Audio, sample_rate: int = SAMPLE_RATE_HZ) -> float:
    """The same measure between the sides, half the differences of the channels, of two `(2, L)` signals."""
    a, b = (torch.from_numpy((pair[0] - pair[1]) / 2)[None] for pair in (source, decoded))
    return _mel_distance(a, b, sample_rate)


def mono(signal: Audio) -> Audio:
    """The mean of the channels, `(L,)`."""
    return signal if signal.ndim == 1 else np.asarray(signal.mean(axis=0), np.float32)


def _mel_distance(a: Tensor, b: Tensor, sample_rate: int) -> float:
    with torch.no_grad():
        return float(torch.stack([_mel_scale(a, b, n, m, sample_rate) for n, m in SCALES]).mean())


def _mel_scale(a: Tensor, b: Tensor, n_fft: int, n_mels: int, sample_rate: int) -> Tensor:
    mel_a = log_mel(magnitudes(a, n_fft), n_fft, n_mels, sample_rate)
    mel_b = log_mel(magnitudes(b, n_fft), n_fft, n_mels, sample_rate)
    return (mel_a - mel_b).abs().mean()


def stft_distance(source: Audio, decoded: Audio) -> float:
    """Spectral convergence plus mean absolute log10-magnitude difference, over three windows.

    References: R. Yamamoto et al., "Parallel WaveGAN", 2020, eq. 4 and 5 (log10 with floor 1e-5 here).
    """
    a, b = _pair(source, decoded)
    total = 0.0
    with torch.no_grad():
        for n_fft in STFT_WINDOWS:
            x, y = magnitudes(a, n_fft), magnitudes(b, n_fft)
            convergence = (x - y).norm() / x.norm().clamp_min(1e-5)
            logs = (x.clamp_min(1e-5).log10() - y.clamp_min(1e-5).log10()).abs().mean()
            total += float(convergence + logs)
    return total / len(STFT_WINDOWS)


def si_sdr_db(source: Audio, decoded: Audio) -> float:
    """Scale-invariant signal-to-distortion ratio in dB, clamped to [-100, 100].

    References: J. Le Roux et al., "SDR – half-baked or well done?", 2019, eq. 5.
    """
    a, b = mono(source).astype(np.float64), mono(decoded).astype(np.float64)
    power = float(a @ a)
    if power < 1e-12:
        return 0.0
    target = (float(a @ b) / power) * a
    error = b - target
    ratio = float(target @ target) / max(float(error @ error), 1e-20)
    return max(-100.0, min(100.0, 10 * math.log10(max(ratio, 1e-10))))


def spurious_above_db(source: Audio, decoded: Audio, cutoff_hz: float = 20_000.0) -> float:
    """Energy the decode has above `cutoff_hz` and the source lacks, relative to the source's whole energy.

    Returns dB; -120 when there is no more than in the source.
    """
    high_source, whole = _band_energy(source, cutoff_hz)
    high_decoded, _ = _band_energy(decoded, cutoff_hz)
    excess = max(0.0, high_decoded - high_source)
    return max(-120.0, 10 * math.log10(max(excess, 1e-30) / max(whole, 1e-12)))


def _band_energy(signal: Audio, cutoff_hz: float, sample_rate: int = SAMPLE_RATE_HZ) -> tuple[float, float]:
    # A whole-signal FFT without a window would leak the edges upward; Hann frames do not.
    with torch.no_grad():
        power = magnitudes(torch.tensor(mono(signal))[None], 4096)[0].double().square().sum(0)
    edge = math.ceil(cutoff_hz / sample_rate * 4096)
    return float(power[edge:].sum()), float(power.sum())


def _pair(source: Audio, decoded: Audio) -> tuple[Tensor, Tensor]:
    if source.shape != decoded.shape or source.shape[:-1] not in ((), (2,)):
        raise ValueError(f"two signals of one shape are wanted, not {source.shape} and {decoded.shape}")
    return torch.tensor(mono(source))[None], torch.tensor(mono(decoded))[None]

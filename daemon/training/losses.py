"""What the codec is trained to make small.

References: R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023, section
3.4 (multi-scale mel, weight 15); R. Yamamoto et al., "Parallel WaveGAN", 2020, eq. 4 and 5
(multi-resolution STFT). Deviations: the mel scales are those of the official measure, natural log
in neither, and the STFT terms reuse the magnitudes the mel terms need.
"""

import torch
from torch import Tensor

from daemon.codec.model import Reconstruction
from daemon.dsp.measure import SCALES
from daemon.dsp.mel import log_mel, magnitudes
from daemon.training.spec import Recipe

_STFT_WINDOWS = frozenset({2048, 1024, 512})


def losses(source: Tensor, made: Reconstruction, recipe: Recipe, sample_rate: int) -> dict[str, Tensor]:
    """Every term, unweighted, and their weighted sum as `total`; source `[B, L]` of whole hops."""
    mel = source.new_zeros(())
    stft = source.new_zeros(())
    for n_fft, n_mels in SCALES:
        with torch.no_grad():
            wanted = magnitudes(source, n_fft)
            wanted_mel = log_mel(wanted, n_fft, n_mels, sample_rate)
        got = magnitudes(made.audio, n_fft)
        mel = mel + (log_mel(got, n_fft, n_mels, sample_rate) - wanted_mel).abs().mean() / len(SCALES)
        if n_fft in _STFT_WINDOWS:
            stft = stft + _stft_terms(wanted, got) / len(_STFT_WINDOWS)
    wave = (made.audio - source).abs().mean()
    commitment, left_over = made.quantized.commitment, made.quantized.left_over
    total = (
        recipe.mel_weight * mel
        + recipe.stft_weight * stft
        + recipe.wave_weight * wave
        + recipe.commitment_weight * commitment
        + recipe.left_over_weight * left_over
    )
    terms = {"mel": mel, "stft": stft, "wave": wave, "commitment": commitment, "left_over": left_over}
    return {"total": total, **terms}


def _stft_terms(wanted: Tensor, got: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude distance of `[B, T, F]` magnitudes."""
    convergence = (wanted - got).norm() / wanted.norm().clamp_min(1e-3)
    logs = (wanted.clamp_min(1e-5).log10() - got.clamp_min(1e-5).log10()).abs().mean()
    return convergence + logs

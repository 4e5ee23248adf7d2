"""Reconstruction losses of the codec.

References: R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023, section
3.4 (multi-scale mel, weight 15); R. Yamamoto et al., "Parallel WaveGAN", 2020, eq. 4 and 5
(multi-resolution STFT); C. Steinmetz and J. Reiss, "auraloss", 2020 (sum and difference). Deviations: the mel scales
are those of the official measure, natural log in neither, and the STFT terms reuse the magnitudes the mel terms need.

In stereo the losses compare mid and side, and at one scale also left and right, which constrain the signs of mid and
side. Comparing all four at every scale doubled the time of a step without benefit (docs/adr/0007).

A step uses every other scale and the next step the rest. Two steps together cover all scales in three quarters of the
time, and the same number of steps reaches the same error (docs/adr/0011).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from daemon.codec.model import Reconstruction
from daemon.codec.spectrum import mid_and_side
from daemon.dsp.measure import SCALES
from daemon.dsp.mel import log_mel, magnitudes
from daemon.runs.spec import Recipe

_STFT_WINDOWS = frozenset({2048, 1024, 512})
_EAR_WINDOWS = frozenset({1024})


def scales_of(step: int) -> Sequence[tuple[int, int]]:
    """The scales of a step's losses: every other one."""
    return SCALES[step % 2 :: 2]


def losses(
    source: Tensor,
    made: Reconstruction,
    recipe: Recipe,
    sample_rate: int,
    scales: Sequence[tuple[int, int]] = SCALES,
) -> dict[str, Tensor]:
    """All loss terms, unweighted, and their weighted sum as `total`.

    Terms are normalised, so that their mean over the two halves of the scales equals their value over all scales.

    Shape: source `[B, L]` of whole hops, or `[B, 2, L]`.
    """
    windows = len(_STFT_WINDOWS) * len(scales) / len(SCALES)
    is_pair = source.ndim == 3
    mel, side_mel, stft = (source.new_zeros(()) for _ in range(3))
    for n_fft, n_mels in scales:
        shares = _shares(recipe, n_fft) if is_pair else [1.0]
        with torch.no_grad():
            wanted = _views(source, n_fft, len(shares))
        # The side may be silent, which makes spectral convergence undefined: a tenth of the mid is the least divisor.
        least = 0.1 * wanted[0].norm() if is_pair else source.new_zeros(())
        for number, (share, a, b) in enumerate(
            zip(shares, wanted, _views(made.audio, n_fft, len(shares)), strict=True)
        ):
            term = _mel_term(a, b, n_fft, n_mels, sample_rate) / len(scales)
            mel = mel + share * term
            if number == 1:
                side_mel = side_mel + term.detach()
            if n_fft in _STFT_WINDOWS:
                stft = stft + share * _stft_terms(a, b, least) / windows
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
    return {"total": total, **terms, **({"side_mel": side_mel} if is_pair else {})}


def _shares(recipe: Recipe, n_fft: int) -> list[float]:
    """Weights of mid, side and, at one scale, left and right; over all scales they add up to one."""
    mid, side, ears = recipe.pair_shares
    each = ears / 2 * len(SCALES) / len(_EAR_WINDOWS)
    return [mid, side, each, each] if n_fft in _EAR_WINDOWS else [mid, side]


def _views(audio: Tensor, n_fft: int, count: int) -> list[Tensor]:
    """Magnitudes `[B, T, F]` of the compared signals: mono, or the first `count` of mid, side, left and right."""
    if audio.ndim == 2:
        return [magnitudes(audio, n_fft)]
    views = torch.cat([*mid_and_side(audio), *audio.unbind(1)][:count])
    return list(magnitudes(views, n_fft).chunk(count))


def _mel_term(wanted: Tensor, got: Tensor, n_fft: int, n_mels: int, sample_rate: int) -> Tensor:
    with torch.no_grad():
        wanted_mel = log_mel(wanted, n_fft, n_mels, sample_rate)
    return (log_mel(got, n_fft, n_mels, sample_rate) - wanted_mel).abs().mean()


def _stft_terms(wanted: Tensor, got: Tensor, least: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude distance of `[B, T, F]` magnitudes."""
    convergence = (wanted - got).norm() / wanted.norm().clamp_min(1e-3).maximum(least)
    logs = (wanted.clamp_min(1e-5).log10() - got.clamp_min(1e-5).log10()).abs().mean()
    return convergence + logs

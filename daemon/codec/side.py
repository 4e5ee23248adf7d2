"""Parametric coding of a stereo sound's side relative to its mid, in bands.

The codec codes mid = (left + right) / 2 like a mono sound. It describes side = (left - right) / 2 by two numbers per
band and latent frame. `follows` is the real coefficient of the side's projection on the mid: -1 to 1 pans a sound from
the right to the left channel. This part shares the mid's phases, so panning survives invented phases. `apart` is the
magnitude of the uncorrelated rest as a share of the mid's: reverberation, chorus, doubled takes. Both are companded by
a signed square root, so that quantisation errors near zero end far below the mid (.1 becomes -40 dB) and a mono sound
stays mono. The decoder multiplies the mid's spectrum by `follows`, and adds the mid's spectrum scaled by `apart` and
rotated in phase. At 90 degrees that part neither correlates with the mid nor makes one channel louder.

If the mid is silent and the side is not (two channels in antiphase), the side is limited to four times the mid. Ingest
refuses such files.

References: J. Breebaart et al., "Parametric coding of stereo audio", 2005, for level difference and coherence in bands;
ISO/IEC 23003-3 (USAC), 7.11, for predicting the side from the mid. Deviations: companded instead of logarithmic, no
phase difference, and both numbers are part of the quantised latent.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.bands import band_interpolation
from daemon.codec.config import CodecConfig

# Below this magnitude a bin of the mid counts as silence, and no ratio is measured. Ten times the spectra's floor.
QUIET = 1e-2
MOST = 4.0
"""Largest amplitude ratio of side to mid: 12 dB."""


class Side(nn.Module):
    """Side parameters of `[B, T, bins]` spectra of mid and side, `[B, T, 2 * side_bands]`, and their synthesis."""

    bands: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        bands = band_interpolation(config.bins, config.side_bands, config.sample_rate)
        self.register_buffer("bands", bands, persistent=False)

    def measure(self, mid: Tensor, side: Tensor) -> Tensor:
        """Measure `follows`, then `apart`, of every band, companded."""
        # `apart` is a small difference of large numbers: in bfloat16 a panned mono sound would gain false width.
        with torch.autocast(mid.device.type, enabled=False):
            power = (energy(mid) + QUIET**2) @ self.bands
            along = (mid.real * side.real + mid.imag * side.imag) @ self.bands / power
            whole = energy(side) @ self.bands / power
            apart = (whole - along.square()).clamp_min(0.0).sqrt()
            return torch.cat([compress(along), compress(apart)], -1)

    def draw(self, measured: Tensor, mid: Tensor, fine: Tensor, phase: Tensor) -> Tensor:
        """Synthesise the side's spectrum, `[B, T, bins]`.

        Args:
            measured: the parameters as `measure` returns them, `[B, T, 2 * side_bands]`.
            mid: the decoded mid's spectrum, `[B, T, bins]`.
            fine: natural logarithm of the uncorrelated part's gain per bin relative to its band, `[B, T, bins]`.
            phase: phase of the uncorrelated part relative to the mid, in radians, `[B, T, bins]`.
        """
        along, apart = (expand(part) @ self.bands.T for part in measured.chunk(2, -1))
        return mid * (along + polar(apart.clamp_min(0.0) * fine.clamp(-2.0, 2.0).exp(), phase))


def compress(ratio: Tensor) -> Tensor:
    """Signed square root of a ratio, limited to that of `MOST`."""
    size = ratio.abs().clamp_max(MOST)
    return torch.sign(ratio) * (size + 1e-12).sqrt()


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compress`; values beyond its range are clamped."""
    inside = companded.clamp(-(MOST**0.5), MOST**0.5)
    return inside * inside.abs()


def smooth(spectrum: Tensor) -> Tensor:
    """Energy of `[B, T, n]` averaged over five bins."""
    return F.avg_pool1d(energy(spectrum) + 1e-9, 5, 1, 2, count_include_pad=False)


def energy(spectrum: Tensor) -> Tensor:
    """Squared magnitude of a complex spectrum, with a gradient where it is zero."""
    return spectrum.real.square() + spectrum.imag.square()


def polar(magnitude: Tensor, phase: Tensor) -> Tensor:
    """Complex numbers from magnitude and phase; `torch.polar` takes six times as long on a CPU."""
    return torch.complex(magnitude * phase.cos(), magnitude * phase.sin())

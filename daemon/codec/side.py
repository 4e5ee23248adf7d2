"""The side of a stereo sound, told from its mid: in a few bands, how much of it follows the mid and how much does not.

Data flow: mid = (left + right) / 2 is carried as a mono sound is; side = (left - right) / 2 is described beside it, per
band and latent frame, by two numbers. `follows` is the real coefficient of the side's projection on the mid: -1 to 1
is a sound between the right and the left channel, and as it shares the mid's phases, panning survives phases that are
invented. `apart` is the size of what the projection leaves, as a share of the mid's: reverberation, chorus, doubled
takes. Both are companded by a square root that keeps the sign, so that what rounding leaves near zero is far under the
mid (.1 becomes -40 dB): a mono sound stays mono. The decoder multiplies the mid's own spectrum by the first, and for
the second turns it by a phase of its own: what neither follows the mid nor makes one channel louder is at 90 degrees.

What can go wrong: a mid that is silent while the side is not (two channels in antiphase). The side is then cut at four
times the mid, and such files are refused at ingest.

References: J. Breebaart et al., "Parametric coding of stereo audio", 2005, for level difference and coherence in bands;
ISO/IEC 23003-3 (USAC), 7.11, for predicting the side from the mid. Deviations: companded instead of logarithmic, no
phase difference, and both numbers travel in the latent of the codes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.bands import band_interpolation
from daemon.codec.config import CodecConfig

# Under this magnitude a bin of the mid is silence, and its side no multiple of it. Ten times the spectra's floor.
QUIET = 1e-2
MOST = 4.0
"""As an amplitude: how far the side may exceed the mid, 12 dB."""


class Side(nn.Module):
    """`[B, T, bins]` spectra of mid and side to `[B, T, 2 * side_bands]` and back."""

    bands: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        bands = band_interpolation(config.bins, config.side_bands, config.sample_rate)
        self.register_buffer("bands", bands, persistent=False)

    def measure(self, mid: Tensor, side: Tensor) -> Tensor:
        """The two numbers of every band: `follows`, then `apart`, companded."""
        # The second is what is left of a difference: in bfloat16 a sound beside the middle would get width of its own.
        with torch.autocast(mid.device.type, enabled=False):
            power = (energy(mid) + QUIET**2) @ self.bands
            along = (mid.real * side.real + mid.imag * side.imag) @ self.bands / power
            whole = energy(side) @ self.bands / power
            apart = (whole - along.square()).clamp_min(0.0).sqrt()
            return torch.cat([compress(along), compress(apart)], -1)

    def draw(self, told: Tensor, mid: Tensor, fine: Tensor, phase: Tensor) -> Tensor:
        """The side's spectrum, `[B, T, bins]`.

        Args:
            told: as `measure` gives, `[B, T, 2 * side_bands]`.
            mid: the decoded mid's spectrum, `[B, T, bins]`.
            fine: natural logarithm of what each bin of the second part is given beyond its band, `[B, T, bins]`.
            phase: of the second part, relative to the mid, `[B, T, bins]`.
        """
        along, apart = (expand(part) @ self.bands.T for part in told.chunk(2, -1))
        return mid * (along + polar(apart.clamp_min(0.0) * fine.clamp(-2.0, 2.0).exp(), phase))


def compress(ratio: Tensor) -> Tensor:
    """Square root that keeps the sign, at most that of `MOST`."""
    size = ratio.abs().clamp_max(MOST)
    return torch.sign(ratio) * (size + 1e-12).sqrt()


def expand(companded: Tensor) -> Tensor:
    """Inverse of `compress`; what lies beyond its range is brought into it."""
    inside = companded.clamp(-(MOST**0.5), MOST**0.5)
    return inside * inside.abs()


def smooth(spectrum: Tensor) -> Tensor:
    """Energy of `[B, T, n]` averaged over five bins."""
    return F.avg_pool1d(energy(spectrum) + 1e-9, 5, 1, 2, count_include_pad=False)


def energy(spectrum: Tensor) -> Tensor:
    """Squared magnitude of a complex spectrum, with a gradient where it is zero."""
    return spectrum.real.square() + spectrum.imag.square()


def polar(magnitude: Tensor, phase: Tensor) -> Tensor:
    """Complex numbers of a magnitude and a phase; `torch.polar` takes six times as long on a CPU."""
    return torch.complex(magnitude * phase.cos(), magnitude * phase.sin())

"""How much louder a sound is than its decode, told from short stretches of both.

A codec answers with the middle of what it is unsure of, which is quieter than the mean: 1 to 6 dB were measured after
90 s of training. So encoding listens to its own decode and keeps the difference beside the codes. All of a long decode
would take half of the time of encoding it, so eight stretches of 12 frames (0.26 s) are decoded in one pass, without
what is around them: in each eighth of the sound the loudest, since those make its loudness and a lone hit in a minute
of silence must be among them. How near that comes, and why the bounds below: docs/adr/0003-codec.md.

Reference: ITU-R BS.1770-4 for the weighting. Deviation: no gate, as powers are added and quiet stretches add little.
"""

import functools
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from daemon.codec.side import energy
from daemon.dsp.audio import Audio
from daemon.dsp.framing import analyse
from daemon.dsp.loudness import HIGHPASS, SHELF, SILENCE_LUFS
from daemon.dsp.mel import LOG_FLOOR, log_mel

STRETCHES, STRETCH_FRAMES = 8, 12
MOST_CORRECTED_DB = 6.0
LEAST_CORRECTED_DB = 1.0
MOST_BEYOND_DB = 2.0
"""By how much more than the typical band needs all of them are turned up, or down, for the loudness of the whole."""
_WINDOW, _HOP, _BANDS = 2048, 1024, 80


def loudest_stretches(signal: Audio, hop_length: int) -> list[tuple[int, int]]:
    """The frames of a sound `(L,)` or `(2, L)` to listen to: in each eighth the loudest, or all if it is short.

    The last frame of a long sound, which may be part of one, is in none.
    """
    whole, rest = divmod(signal.shape[-1], hop_length)
    if whole <= STRETCHES * STRETCH_FRAMES:
        return [(0, whole + (rest > 0))]
    frames = signal[..., : whole * hop_length].reshape(-1, whole, hop_length)
    energies = np.einsum("cth,cth->t", frames, frames)  # squares of an hour would take as much memory as the hour
    until = np.concatenate([[0.0], energies.cumsum(dtype=np.float64)])
    powers = until[STRETCH_FRAMES:] - until[:-STRETCH_FRAMES]  # of the stretch that begins at each frame
    edges = np.linspace(0, whole, STRETCHES + 1).astype(int).tolist()
    starts = [lo + int(powers[lo : hi + 1 - STRETCH_FRAMES].argmax()) for lo, hi in itertools.pairwise(edges)]
    return [(start, start + STRETCH_FRAMES) for start in starts]


def missing_level_db(source: Tensor, made: Tensor, sample_rate: int) -> float:
    """What to add to a decode, in dB, for the source's level; both `(..., L)`, at the codec's reference loudness.

    As loud as the source within a decibel, which nobody hears; but at most `MOST_BEYOND_DB` past what the typical band
    needs: if a partial is missing that makes most of the loudness, as a kick's lowest does, turning up the rest would
    not bring it back. Silence is left alone.
    """
    wanted, got = _power(source), _power(made)
    if min(wanted, got) <= 10 ** ((SILENCE_LUFS + 0.691) / 10):
        return 0.0
    missing_db = 10 * math.log10(wanted / got)
    audible_db = math.copysign(max(0.0, abs(missing_db) - LEAST_CORRECTED_DB), missing_db)
    typical_db = _typical_db(source, made, sample_rate)
    # Zero is always allowed: of a tone that comes back noisy most bands are too loud, and the tone is what is heard.
    lowest_db, highest_db = min(0.0, typical_db) - MOST_BEYOND_DB, max(0.0, typical_db) + MOST_BEYOND_DB
    return max(lowest_db, -MOST_CORRECTED_DB, min(highest_db, MOST_CORRECTED_DB, audible_db))


def _typical_db(source: Tensor, made: Tensor, sample_rate: int) -> float:
    """Median over time and 80 mel bands, where the source is heard, of how far it is above its decode."""
    both = torch.stack([source, made]).reshape(-1, source.shape[-1])
    padded = F.pad(both, (0, -both.shape[-1] % _HOP))
    magnitude = energy(analyse(padded, _WINDOW, _HOP)).sqrt()
    wanted, got = log_mel(magnitude, _WINDOW, _BANDS, sample_rate).chunk(2)
    heard = wanted > math.log10(LOG_FLOOR) + 0.5
    return 20 * float((wanted - got)[heard].median()) if heard.any() else 0.0


def _power(audio: Tensor) -> float:
    """K-weighted mean power."""
    size = 1 << (audio.shape[-1] - 1).bit_length()
    spectrum = torch.fft.rfft(audio, size)
    weighed = (spectrum.real.square() + spectrum.imag.square()) * _k_weights(size).to(audio.device)
    # Parseval; the two halves of a real sound's spectrum are alike.
    return 2 * float(weighed.sum()) / (size * audio.numel())


@functools.lru_cache(maxsize=8)
def _k_weights(size: int) -> Tensor:
    """What the weighting makes of power at the frequencies of a transform of so many samples at 48 kHz."""
    z = torch.exp(-2j * math.pi * torch.fft.rfftfreq(size, dtype=torch.float64))
    shelf, highpass = (
        (feed[0] + feed[1] * z + feed[2] * z**2) / (back[0] + back[1] * z + back[2] * z**2)
        for feed, back in (SHELF, HIGHPASS)
    )
    return (shelf * highpass).abs().square().float()

"""Held-out recordings that were learned from in another guise: a bounce of the same take, an MP3 of it, a trimmed copy.

Recordings that are equal sample by sample are kept once by the corpus. What is merely alike may be on both sides of the
split, and then the held-out error is kinder than it should be: that is said, before the time is spent.

Data flow: beginnings of clips at the reference loudness → band energies, smoothed over 85 ms → of those with nearly the
same spectrum, the mean difference of two such pictures where they are loud, shifted against each other by up to a
quarter of a second. Of 103 recordings of seven kinds 18 were tried in five guises (MP3 and OGG at 96 kbit/s, cut by 3
and 50 ms, later and quieter): .002 to .073 from their sources, but for a tick of 20 ms of which a cut takes half. Of
244 pairs of different recordings of like length one came under .08, two strokes on one tom at .070; the next had .122.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from daemon.dsp.mel import magnitudes, mel_bands
from daemon.training.crops import Clip

ALIKE = 0.08
"""Mean difference of log10 magnitudes (1.6 dB) under which two recordings count as one."""
LOUD = 2.0
"""What is compared: down to so far (40 dB) below the loudest; what is quieter a lossy file leaves out."""
SAMPLE_RATE = 48_000
HEARD_S = 4.0
LENGTHS_APART = 0.1
_N_FFT, _BANDS = 2048, 40
_SMOOTHED, _MOST_LAG, _APART = 8, 24, 3
"""In frames of 10.7 ms: smoothing, the largest shift, and how far apart what is compared is."""
_SILENCE = 1e-8


def near_duplicates(held_out: list[Clip], train: list[Clip]) -> list[tuple[str, str]]:
    """Names of held-out clips, each with the training clip of about its length that it is nearly equal to."""
    pictures: dict[int, _Picture] = {}

    def picture(clip: Clip) -> _Picture:
        if id(clip) not in pictures:
            pictures[id(clip)] = _picture(clip)
        return pictures[id(clip)]

    found: list[tuple[str, str]] = []
    for held in held_out:
        long = [one for one in train if abs(one.samples - held.samples) <= LENGTHS_APART * held.samples]
        alike = [one for one in long if _apart(picture(held).mean, picture(one).mean) < 2 * ALIKE]
        nearest = min(
            ((_difference(picture(held).frames, picture(one).frames), one.name) for one in alike), default=None
        )
        if nearest is not None and nearest[0] < ALIKE:
            found.append((held.name, nearest[1]))
    return found


def words_of(pairs: list[tuple[str, str]]) -> str:
    """A sentence about all of them, or nothing."""
    if not pairs:
        return ""
    named = "; ".join(f"{Path(held).name} is nearly {Path(known).name}" for held, known in pairs[:3])
    more = f"; and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    return f"held out, but learned from in another guise: {named}{more}: held-out figures are too kind, leave one out"


class _Picture(NamedTuple):
    """Log10 magnitudes of a clip's beginning in mel bands."""

    frames: Tensor
    """`(T, bands)`, smoothed in time."""
    mean: Tensor
    """`(1, bands)`, of all its energy."""


@torch.no_grad()
def _picture(clip: Clip) -> _Picture:
    begins = clip.mono(0, min(clip.samples, int(HEARD_S * SAMPLE_RATE)))
    sound = torch.from_numpy(begins * np.float32(10 ** (clip.gain_db / 20)))
    power = magnitudes(sound[None], _N_FFT)[0].square() @ mel_bands(_N_FFT, _BANDS, SAMPLE_RATE, sound.device)
    power = F.pad(power, (0, 0, 0, max(0, _SMOOTHED - len(power))))
    smooth = F.avg_pool1d(power.T, _SMOOTHED, stride=1).T
    frames, mean = (energies.clamp_min(_SILENCE).log10() / 2 for energies in (smooth, power.mean(0, keepdim=True)))
    return _Picture(frames, mean)


def _difference(one: Tensor, other: Tensor) -> float:
    """That of two pictures, `(T, bands)` each, at the shift that fits best."""
    best = 1.0
    for lag in range(-_MOST_LAG, _MOST_LAG + 1):
        a, b = (one[lag:], other) if lag >= 0 else (one, other[-lag:])
        frames = min(len(a), len(b))
        if frames >= max(1, 0.6 * min(len(one), len(other))):
            best = min(best, _apart(a[:frames:_APART], b[:frames:_APART]))
    return best


def _apart(one: Tensor, other: Tensor) -> float:
    """Mean difference where either is loud; 1 when there is only silence."""
    louder = torch.maximum(one, other)
    top = float(louder.max())
    if top <= math.log10(_SILENCE) / 2 + LOUD:
        return 1.0
    return float((one - other).abs()[louder > top - LOUD].mean())

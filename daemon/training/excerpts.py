"""What of the training recordings is looked at between steps: beginnings, in all so and so much.

Every clip has its share, but hundreds of pieces of a frame or two cost as many passes through the network and say
little of what follows an attack. So of many clips evenly fewer are taken, with `LEAST_FRAMES` of each on average and
all of shorter ones.
"""

import math
from collections.abc import Iterator

import numpy as np

from daemon.corpus.clips import Clip
from daemon.dsp.audio import Audio

LEAST_FRAMES = 32
"""0.7 s: the encoder's context is 10 frames a side."""


def beginnings(clips: list[Clip], most: int, hop_length: int) -> Iterator[tuple[Clip, Audio]]:
    """Clips with their beginnings, `(L,)` or `(2, L)` at their own level.

    Args:
        most: samples at 48 kHz in all, about: every clip that is taken gives a frame at least.
        hop_length: samples of a latent frame.
    """
    total = sum(clip.samples for clip in clips)
    share = min(1.0, most / max(1, total))
    fit = max(most // (LEAST_FRAMES * hop_length), math.ceil(len(clips) * share), 1)
    if fit < len(clips):
        clips = [clips[index] for index in np.linspace(0, len(clips) - 1, fit).round().astype(int)]
        share = min(1.0, most / max(1, sum(clip.samples for clip in clips)))
    for clip in clips:
        yield clip, clip.sound(0, max(min(clip.samples, hop_length), int(clip.samples * share)))

"""Choose beginnings of training recordings for statistics and code usage, limited in total length.

Every clip contributes its share. But hundreds of pieces of a frame or two would cost as many passes through the network
and contain little beyond the attack. So of many clips an even selection is used, with `LEAST_FRAMES` of each on average
and all of shorter ones.
"""

import math
from collections.abc import Iterator

import numpy as np

from daemon.corpus.clips import Clip
from daemon.dsp.audio import Audio

LEAST_FRAMES = 32
"""Average frames per clip, 0.7 s; the encoder's context is up to 10 frames on either side."""


def beginnings(clips: list[Clip], most: int, hop_length: int) -> Iterator[tuple[Clip, Audio]]:
    """Yield clips with their beginnings, `(L,)` or `(2, L)`, at their own level.

    Args:
        most: approximate total number of samples at 48 kHz; every chosen clip gives at least one frame.
        hop_length: samples per latent frame.
    """
    total = sum(clip.samples for clip in clips)
    share = min(1.0, most / max(1, total))
    fit = max(most // (LEAST_FRAMES * hop_length), math.ceil(len(clips) * share), 1)
    if fit < len(clips):
        clips = [clips[index] for index in np.linspace(0, len(clips) - 1, fit).round().astype(int)]
        share = min(1.0, most / max(1, sum(clip.samples for clip in clips)))
    for clip in clips:
        yield clip, clip.sound(0, max(min(clip.samples, hop_length), int(clip.samples * share)))

"""The recordings of a corpus as codes, each at eight offsets of part of a frame.

The same sound gets other codes when it begins an eighth of a frame later. For a prior, whose training has a few
thousand frames, those are seven more recordings of the same music, and the strongest guard against reciting codes
(docs/adr/0102-prior.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip
from daemon.prior.conditions import describe_frames

OFFSETS = 8
SET_ASIDE = 0.15
"""Share of a recording at its end that `divided` takes."""
SHORTEST_DIVIDED = 40
"""Frames below which a recording is not divided."""

MOST_FRAMES = 400_000
"""Frames encoded of a corpus, 2.4 h; recordings beyond them are left out, drawn by chance."""
FRAMES_FOR_OFFSETS = 60_000
"""Frames from which on two offsets replace eight, because the corpus is its own variation."""

Grid = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One part of the corpus as codes."""

    name: str
    grids: list[Grid]
    """`(Q, T)` for each offset, the first without; the others may have a frame more."""
    conditions: NDArray[np.float32]
    """`(T, C)`: descriptors, or their ranks, of the sound around each frame."""

    @property
    def frames(self) -> int:
        """Number of frames without an offset."""
        return self.grids[0].shape[1]

    def divided(self) -> "tuple[Recording, Recording | None]":
        """All but the end, and the end; or the whole and None if it is short."""
        if self.frames < SHORTEST_DIVIDED:
            return self, None
        at = round((1 - SET_ASIDE) * self.frames)
        first = replace(self, grids=[grid[:, :at] for grid in self.grids], conditions=self.conditions[:at])
        return first, replace(self, grids=[grid[:, at:] for grid in self.grids], conditions=self.conditions[at:])


def chosen_clips(clips: Sequence[Clip], hop_length: int, seed: int) -> list[Clip]:
    """The clips to learn from: all, or for a corpus of hours as many as MOST_FRAMES holds, in their order."""
    frames = [clip.samples // hop_length for clip in clips]
    kept, total = set[int](), 0
    for index in np.random.default_rng([seed, 0xC11]).permutation(len(clips)).tolist():
        if total + frames[index] <= MOST_FRAMES or not kept:
            kept.add(index)
            total += frames[index]
    return [clip for index, clip in enumerate(clips) if index in kept]


def offsets_for(frames: int) -> int:
    """Number of offsets at which to encode a corpus of this many frames."""
    return OFFSETS if frames <= FRAMES_FOR_OFFSETS else 2


def encode_clips(
    codec: Codec, clips: Sequence[Clip], *, offsets: int = OFFSETS, go_on: Callable[[float], bool] = lambda _: True
) -> list[Recording]:
    """Encode parts of a corpus at `offsets` offsets; an empty list if `go_on` (called with the share done) stops it."""
    hop, done = codec.config.hop_length, 0
    total = max(1, sum(clip.samples for clip in clips))
    recordings: list[Recording] = []
    for clip in clips:
        sound = clip.sound()
        grids: list[Grid] = []
        for index in range(offsets):
            silence = np.zeros((*sound.shape[:-1], index * hop // offsets), np.float32)
            grids.append(codec.encode(np.concatenate([silence, sound], -1)).codes)
        recordings.append(Recording(name=clip.name, grids=grids, conditions=describe_frames(sound, hop)))
        done += clip.samples
        if not go_on(done / total):
            return []
    return recordings

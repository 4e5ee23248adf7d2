"""Crops of recordings for training a prior: pieces of recordings one after another, as long as a crop."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.prior.recordings import Recording

LENGTH_POWER = 0.75
"""Recordings are drawn in proportion to their length to this power, so that a long one does not drown the short."""


class Crops(NamedTuple):
    """A batch of crops."""

    codes: Tensor
    """`[B, Q, T]` int64."""
    segments: Tensor
    """Ids of the recordings in a crop, in order: `[B, T]`."""
    begins: Tensor
    """Whether a recording begins here, from its first frame, `[B, T]`."""
    conditions: Tensor
    """Ranks of the sound around each frame, `[B, T, C]` float32."""

    def to(self, device: torch.device) -> "Crops":
        """The same on a device."""
        return Crops(*(part.to(device) for part in self))


class Cropper:
    """Draws crops; the same seed and step give the same crops."""

    def __init__(self, recordings: Sequence[Recording], seed: int) -> None:
        self._recordings, self._seed = recordings, seed
        weights = np.array([recording.frames for recording in recordings], float) ** LENGTH_POWER
        self._chances = weights / weights.sum()

    def draw(self, step: int, batch: int, frames: int) -> Crops:
        """Draw `batch` crops of `frames` frames for a step."""
        random = np.random.default_rng([self._seed, step, 0x9121])
        crops = [self._crop(random, frames) for _ in range(batch)]
        return Crops(*(torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True)))

    def _crop(self, random: np.random.Generator, frames: int) -> tuple[NDArray[np.generic], ...]:
        codes, segments, begins, conditions = [], [], [], []
        count = 0
        while count < frames:
            recording = self._recordings[int(random.choice(len(self._recordings), p=self._chances))]
            grid = recording.grids[int(random.integers(len(recording.grids)))]
            start = 0
            if not codes and recording.frames > frames // 4:
                start = int(random.integers(0, recording.frames - frames // 4))
            piece = grid[:, start : min(start + frames - count, recording.frames)]
            first = np.zeros(piece.shape[1], bool)
            first[0] = start == 0
            segments.append(np.full(piece.shape[1], len(codes)))
            codes.append(piece)
            begins.append(first)
            conditions.append(recording.conditions[start : start + piece.shape[1]])
            count += piece.shape[1]
        joined = (np.concatenate(part) for part in (segments, begins, conditions))
        return np.concatenate(codes, 1).astype(np.int64), *joined

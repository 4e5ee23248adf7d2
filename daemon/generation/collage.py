"""Collage: a walk over the frames of the recordings, which jumps to frames that could have come next.

At each frame the walk goes on to the next frame of the same recording or, by chance, to the one after a frame whose
last `CONTEXT` frames are near those just heard. From a tail it soon jumps to a place that is no tail: tails are alike,
and a walk through them is a long silence. The frame at a join is quantised from the mean of what would have come and
what comes. Everything else is verbatim, which the output says frame by frame.

Reference: D. Schwarz, "Concatenative sound synthesis: the early years", 2006; S. Dubnov et al., factor oracle, 2007,
for walks by repeated context. Deviation: contexts are compared as vectors, so that near ones count.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from daemon.generation.material import Material
from daemon.generation.origins import Origins
from daemon.generation.output import INVENTED
from daemon.prior.conditions import CONDITIONS

AXES = 24
CONTEXT = 4
NEIGHBOURS = 12
EXCLUDED = 12
"""Frames around the present one that are no jump, because they are what would come anyway."""
FAR = 2.0
"""Weight of being far from what is wanted, against the mean size of a context."""
TAIL_DB = 15.0
"""A frame that is this far below the loudest of its recording, over a second around it, is a tail."""
TAIL_CHANCE = 0.1
"""Least chance of a jump at each frame of a tail."""
LONGEST_RUN, SHORTEST_RUN = 96, 3
"""Mean frames between jumps at newness 0 and 1."""


class Walk:
    """Walks over one material."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._is_end = np.zeros(material.frames, bool)
        self._is_tail = np.zeros(material.frames, bool)
        for take in material.takes:
            self._is_end[take.stop - 1] = True
            loudness = material.described[take.first : take.stop, CONDITIONS.index("loudness")]
            self._is_tail[take.first : take.stop] = loudness < loudness.max() - TAIL_DB

    @functools.cached_property
    def _contexts(self) -> NDArray[np.float32]:
        """The last frames of every frame in principal axes, `(N, CONTEXT * AXES)`."""
        latents = self._material.latents
        centred = latents - latents.mean(0)
        _, vectors = np.linalg.eigh(np.cov(centred, rowvar=False) + 1e-9 * np.eye(centred.shape[1]))
        reduced = (centred @ vectors[:, ::-1][:, :AXES]).astype(np.float32)
        take_of = self._material.take_of
        parts = []
        for back in range(CONTEXT):
            shifted = np.roll(reduced, back, 0)
            is_other = np.roll(take_of, back) != take_of
            is_other[:back] = True
            shifted[is_other] = reduced[is_other]  # a recording that has just begun is like its own start
            parts.append(shifted * 0.8**back)
        return np.concatenate(parts, 1)

    @functools.cached_property
    def _sizes(self) -> NDArray[np.float32]:
        return np.square(self._contexts).sum(1)

    def indices(
        self,
        frames: int,
        random: np.random.Generator,
        run: float,
        *,
        start: int | None = None,
        far: NDArray[np.float32] | None = None,
        origins: Origins | None = None,
    ) -> NDArray[np.int64]:
        """Frames of the material in the order of a walk, `(frames,)`.

        Args:
            run: mean number of frames between jumps.
            start: the first frame; the beginning of a recording by default.
            far: how far every frame is from what is wanted, 0 to 1, `(N,)`; jumps prefer near ones.
            origins: of joined material, whose recordings the walk starts in and jumps to; None for one model's.
        """
        at = self._beginning(random, origins) if start is None else start
        walked = np.empty(frames, np.int64)
        for frame in range(frames):
            walked[frame] = at
            if self._is_end[at] or random.random() < (max(1 / run, TAIL_CHANCE) if self._is_tail[at] else 1 / run):
                at = self._jump(at, random, far, origins)
            else:
                at += 1
        return walked

    def _beginning(self, random: np.random.Generator, origins: Origins | None) -> int:
        """The first frame of a recording."""
        takes = np.arange(len(self._material.takes))
        if origins is not None:
            takes = takes[origins.drawn(takes, random)]
        return self._material.takes[int(takes[int(random.integers(len(takes)))])].first

    def _jump(
        self, at: int, random: np.random.Generator, far: NDArray[np.float32] | None, origins: Origins | None
    ) -> int:
        """A frame that could come after `at`."""
        apart = self._sizes - 2 * (self._contexts @ self._contexts[at])
        if far is not None:
            apart = apart + FAR * far * float(self._sizes.mean())
        apart[self._is_end] = np.inf  # nothing comes after them
        if origins is not None:
            apart[~origins.drawn(self._material.take_of, random)] = np.inf
        apart[max(0, at - EXCLUDED) : at + EXCLUDED] = np.inf
        if self._is_tail[at] and np.isfinite(apart[~self._is_tail]).any():
            apart[self._is_tail] = np.inf
        count = min(NEIGHBOURS, int(np.isfinite(apart).sum()))
        if not count:
            return at if self._is_end[at] else at + 1
        near = np.argpartition(apart, count - 1)[:count]
        nearness = apart[near] - apart[near].min()
        chance = np.exp(-nearness / max(1e-9, float(np.median(nearness)) or 1.0))
        return int(random.choice(near, p=chance / chance.sum())) + 1


def run_for(newness: float) -> float:
    """Mean frames between jumps for a newness from 0 to 1."""
    return LONGEST_RUN * (SHORTEST_RUN / LONGEST_RUN) ** newness


def joined(material: Material, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Codes of a walk `(Q, T)`, and the take of every frame, INVENTED at the joins."""
    codes = material.codes[:, indices].copy()
    takes = material.take_of[indices].copy()
    joins = np.flatnonzero(np.diff(indices) != 1) + 1
    if len(joins):
        onward = np.minimum(indices[joins - 1] + 1, material.frames - 1)
        latents = 0.5 * (material.latents[onward] + material.latents[indices[joins]])
        codes[:, joins] = material.codec.quantize(latents)
        takes[joins] = INVENTED
    return codes, takes

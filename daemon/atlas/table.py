"""The atlas as a table: measured effects of every code of every level, and their reliability. numpy only.

Shapes: Q levels, K codes, M contexts (places in training strands where the code was tried), A descriptors.

An effect is the change that a code makes to a descriptor in a context, relative to the average over the codes of its
level there, so contexts cancel out when codes are compared. Every code of a level was tried in every context: two codes
are compared context by context, and the share of contexts that agree on the sign is the certainty of the comparison.

References: C. Spearman and W. Brown, 1910, for reliability: the rank correlation of the codes' means over even and odd
contexts, corrected to the full number of contexts by 2r / (1 + r).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RELIABLE = 0.8
"""Least reliability of a descriptor on a level; below it every code of the level is unknown."""
SURE = 0.9
"""Least share of contexts that agree on a sign for an effect to be called sure: 11 of 12, all of 9 or 8."""
STEADY = 0.5
"""Largest standard error of a code's mean, in standard deviations between codes; above it the code is unknown."""
MARKED = 0.5
"""Least effect that is reported, in standard deviations between codes."""
CLEAR = 5.0
"""Least difference for one code to be surely above another, in standard errors over contexts."""

Real = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Atlas:
    """All measurements of one codec's codes.

    Attributes:
        effects: (Q, K, M, A) float16, in `units`, mean 0 over K.
        usage: (Q, K) uint32, how often each code occurs in `usage_frames` frames of the training set.
    """

    codec_id: str
    descriptors: tuple[str, ...]
    units: tuple[str, ...]
    effects: NDArray[np.float16]
    usage: NDArray[np.uint32]
    usage_frames: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Sizes Q, K, M, A of the effects."""
        Q, K, M, A = self.effects.shape
        return Q, K, M, A

    def index(self, descriptor: str) -> int:
        """Index of a descriptor on the last axis.

        Raises:
            KeyError: the descriptor was not measured.
        """
        if descriptor not in self.descriptors:
            raise KeyError(descriptor)
        return self.descriptors.index(descriptor)

    @cached_property
    def mean(self) -> Real:
        """Mean effect of every code, (Q, K, A)."""
        return self.effects.mean(2, dtype=np.float32)

    @cached_property
    def spread(self) -> Real:
        """Standard deviation of the effect over contexts, (Q, K, A)."""
        return self.effects.astype(np.float32).std(2, ddof=1 if self.shape[2] > 1 else 0)

    @cached_property
    def between(self) -> Real:
        """Standard deviation of the mean effects between the codes of a level, (Q, A)."""
        return self.mean.std(1)

    @cached_property
    def reliability(self) -> Real:
        """Split-half reliability of the order of codes, (Q, A), -1 to 1; 0 with fewer than two contexts."""
        Q, _, M, A = self.shape
        if M < 2:
            return np.zeros((Q, A), np.float32)
        halves = [_ranks(self.effects[:, :, half::2].mean(2, dtype=np.float32)) for half in (0, 1)]
        one, other = (half - half.mean(1, keepdims=True) for half in halves)
        norms = np.sqrt(np.square(one).sum(1) * np.square(other).sum(1))
        correlation = (one * other).sum(1) / np.maximum(norms, 1e-9)
        return np.where(correlation > 0, 2 * correlation / (1 + correlation), correlation).astype(np.float32)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Mask (Q, K, A) of the entries that are reliable; all others are unknown."""
        error = self.spread / np.sqrt(self.shape[2])
        return (error <= STEADY * self.between[:, None]) & (self.reliability >= RELIABLE)[:, None]

    @cached_property
    def agreement(self) -> Real:
        """Share of contexts that agree with the sign of the mean, (Q, K, A)."""
        signs = np.sign(self.effects.astype(np.float32)) == np.sign(self.mean)[:, :, None]
        return signs.mean(2, dtype=np.float32)

    @cached_property
    def verdicts(self) -> NDArray[np.int8]:
        """Verdict on every entry, (Q, K, A).

        0 average, ±1 more or less than the level's average code, ±2 surely more or less, -128 unknown.
        """
        marked = np.abs(self.mean) >= MARKED * self.between[:, None]
        verdict = np.sign(self.mean) * marked * (1 + (self.agreement >= SURE))
        return np.where(self.known, verdict, -128).astype(np.int8)

    def ranks(self, descriptor: str) -> NDArray[np.uint16]:
        """Rank of every code of a level on a descriptor, (Q, K), 0 lowest.

        Raises:
            KeyError: the descriptor was not measured.
        """
        return _ranks(self.mean[:, :, self.index(descriptor)]).astype(np.uint16)

    def unsure_levels(self, descriptor: str) -> list[int]:
        """Levels on which a descriptor is not reliable."""
        return np.flatnonzero(self.reliability[:, self.index(descriptor)] < RELIABLE).tolist()

    def is_reliable(self, descriptor: str) -> bool:
        """Whether a descriptor is reliable on at least half of the levels, including the coarsest."""
        unsure = self.unsure_levels(descriptor)
        return 0 not in unsure and 2 * len(unsure) <= self.shape[0]

    def surely(self, level: int, code: int, descriptor: str, sign: int) -> NDArray[np.bool_]:
        """Mask (K,) of the known codes of a level that are surely above (sign +1) or below (-1) a code.

        Surely means: in at least SURE of the contexts, by at least MARKED, and by CLEAR standard errors. Agreement of
        contexts is not enough: among a hundred codes some agree in a dozen contexts by chance.
        """
        column = self.index(descriptor)
        effects = self.effects[level, :, :, column].astype(np.float32)
        further = sign * (effects - effects[code])
        mean, M = further.mean(1), further.shape[1]
        error = further.std(1, ddof=1 if M > 1 else 0) / np.sqrt(M)
        sure = ((further > 0).mean(1) >= SURE) & (mean >= MARKED * self.between[level, column]) & (mean > CLEAR * error)
        return sure & self.known[level, :, column]


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks along axis 1, with ties broken by code number."""
    order = np.argsort(values, axis=1, kind="stable")
    ranks = np.empty(values.shape)
    numbers = np.arange(values.shape[1], dtype=np.float64).reshape(1, -1, *[1] * (values.ndim - 2))
    np.put_along_axis(ranks, order, np.broadcast_to(numbers, values.shape), axis=1)
    return ranks

"""The votes of `daemon.prior.copies` one frame at a time, for sequences that grow, in numpy float64.

The result equals `Copies.forward` on the whole sequence, which a test compares. Distances to earlier frames are kept
for the last `BACK` frames only, so a frame costs time in proportion to the frames remembered.
"""

import copy

import numpy as np
from numpy.typing import NDArray

from daemon.prior.copies import BACK, CENTRE_NATS, MOST_WEIGHT, NEAR, NOTHING, Copies

MEMORY_FRAMES = 1024
"""Frames that a sequence remembers, 22 s. Memory and time stay the same for any length."""

Real = NDArray[np.float64]
Codes = NDArray[np.integer]


class CopyWeights:
    """The weights of the experts as arrays."""

    def __init__(self, copies: Copies) -> None:
        scale, doubt, fade, before, above, back = (
            weight.detach().cpu().double().numpy()
            for weight in (
                copies.scale,
                copies.doubt,
                copies.fade,
                copies.before_weights,
                copies.above_weights,
                copies.back_weights,
            )
        )
        self.scale, self.doubt, self.fade = scale, doubt, fade
        self.before, self.above, self.back = before, above, back


class Past:
    """The past of a batch of sequences that grow together."""

    def __init__(self, weights: CopyWeights, vectors: Real, batch: int) -> None:
        """Begin empty sequences; `vectors` are the codes' vectors, `(Q, K, W)`."""
        Q, _, W = vectors.shape
        self.weights, self.vectors = weights, vectors
        self._known = np.zeros((batch, Q, 2 * MEMORY_FRAMES, W))
        self._codes = np.full((batch, Q, 2 * MEMORY_FRAMES), NOTHING)
        self._first, self._past = 0, 0
        self._rows: list[Real] = []
        self._levels = np.arange(Q)

    @property
    def count(self) -> int:
        """Number of frames remembered."""
        return self._past - self._first

    @property
    def known(self) -> Real:
        """Vectors of the remembered frames, `(B, Q, N, W)`."""
        return self._known[:, :, self._first : self._past]

    @property
    def codes(self) -> Codes:
        """Codes of the remembered frames, `(B, Q, N)`."""
        return self._codes[:, :, self._first : self._past]

    def append(self, codes: Codes) -> None:
        """Add a frame of codes, `(B, Q)`."""
        vectors = self.vectors[self._levels, codes]
        apart = vectors[:, :, None] - self.known
        self._rows = [np.einsum("bqnw,bqnw->bqn", apart, apart), *self._rows[: BACK - 1]]
        if self._past == self._known.shape[2]:
            for whole in (self._known, self._codes):
                whole[:, :, : self.count] = whole[:, :, self._first :]
            self._first, self._past = 0, self.count
        self._known[:, :, self._past] = vectors
        self._codes[:, :, self._past] = codes
        self._past += 1
        self._first = max(self._first, self._past - MEMORY_FRAMES)

    def branched(self, count: int) -> "Past":
        """The past of `count` sequences that all went like this single one."""
        other = copy.copy(self)
        other._known, other._codes = np.repeat(self._known, count, 0), np.repeat(self._codes, count, 0)
        other._rows = [np.repeat(row, count, 0) for row in self._rows]
        return other

    def far_before(self) -> Real:
        """Distance of the frames before each remembered frame from those before the next one: `(B, Q, N)`."""
        total = np.zeros(self.codes.shape)
        for back, (weight, row) in enumerate(zip(self.weights.back, self._rows, strict=False)):
            length = min(row.shape[2], self.count - 1 - back)
            if length > 0:
                total[..., -length:] += weight * row[..., -length:]
        return np.matmul(self.weights.before, total)

    def same_before(self) -> NDArray[np.bool_]:
        """Whether the code before each remembered frame is that before the next one: `(B, Q, N)`."""
        same = np.zeros(self.codes.shape, bool)
        same[..., 1:] = self.codes[..., :-1] == self.codes[..., -1:]
        return same


class FrameVotes:
    """Votes about the next frame, level by level from the coarsest."""

    def __init__(self, past: Past, boldness: float = 0.0) -> None:
        """Weigh the remembered frames. `boldness` lowers (or below 0, raises) every vote's weight, in nats."""
        self._past, weights = past, past.weights
        self._is_empty = not past.count
        if self._is_empty:
            return
        age = np.log(np.arange(past.count, 0, -1))
        self._plain = weights.scale[:, :, None] - weights.fade[:, :, None] * age - boldness
        self._doubt, self._far = weights.doubt, past.far_before()
        self._same_before = past.same_before()
        self._same_above = self._same_before[:, min(1, len(past.vectors) - 1)]

    def mix(self, level: int, network: Real) -> Real:
        """Probabilities of the codes of a level, given the network's log-probabilities: `(B, K)` to `(B, K)`."""
        guess = np.exp(network)
        if self._is_empty:
            return guess
        unsure = -(guess * network).sum(-1) - CENTRE_NATS
        weight = self._plain[:, level, None] + self._doubt[:, level, None, None] * unsure[:, None]
        weight[NEAR] -= self._far[:, level]
        votes = np.exp(np.minimum(weight, MOST_WEIGHT, out=weight), out=weight)
        before, above = self._same_before[:, level], self._same_above
        votes[1] *= above
        votes[2] *= before
        votes[3] *= above & before
        share = 1 / (votes.sum(-1) + 1)
        # What an expert's votes are worth at the end: they are divided by its own sum and by those of all after it.
        worth = share[::-1].cumprod(0)[::-1]
        summed = np.einsum("ebn,eb->bn", votes, worth)
        K = network.shape[-1]
        made = guess * worth[0][:, None]
        for row, codes, weights in zip(made, self._past.codes[:, level], summed, strict=True):
            row += np.bincount(codes, weights, K)
        return made

    def choose(self, level: int, codes: Codes) -> None:
        """Take the codes `(B,)` of a level, on which the finer levels depend."""
        past = self._past
        if self._is_empty or level + 1 == len(past.vectors):
            return
        apart = past.vectors[level, codes][:, None] - past.known[:, level]
        far = np.einsum("bnw,bnw->bn", apart, apart)
        self._far[:, level + 1 :] += past.weights.above[level + 1 :, level][:, None] * far[:, None]
        self._same_above = past.codes[:, level] == codes[:, None]

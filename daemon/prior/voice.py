"""A prior beside a batch of sequences that grow: what it remembers of them, and what it expects next.

Several priors of one codec can follow the same sequences, each with a memory of its own (`daemon.prior.sampling`).
With guidance the network runs twice, with and without the conditions, and its logits go beyond the first by as much as
the two differ. Reference: J. Ho and T. Salimans, "Classifier-free diffusion guidance", 2022. Deviation: logits of
codes, and only those of the network; the copies of the sequence's own past then follow by themselves.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.prior.past import FrameVotes, Past
from daemon.prior.prior import Prior

Real = NDArray[np.float64]


class Voice:
    """One prior that follows a batch of sequences."""

    def __init__(self, prior: Prior, *, guidance: float = 1.0, boldness: float = 0.0) -> None:
        """Begin one empty sequence.

        Args:
            guidance: 1 keeps the logits of the network with its conditions; above 1 they are exaggerated.
            boldness: nats by which copies weigh less.
        """
        self._network, self._boldness, self._guidance = prior.unrolled, boldness, guidance
        self.past = Past(prior.copy_weights, self._network.vectors, 1)
        # The second memory is that of the network without conditions.
        self._states = [self._network.trunk.begin(1) for _ in range(1 if guidance == 1.0 else 2)]
        self._frame = self._network.start(1)
        self._sums: list[Real] = []
        self._votes: FrameVotes | None = None

    def branch(self, count: int) -> None:
        """Go on as `count` sequences, all with what was heard so far."""
        self.past = self.past.branched(count)
        self._states = [state.branched(count) for state in self._states]
        self._frame = np.repeat(self._frame, count, 0)

    def hear(self, codes: NDArray[np.integer], conditions: Real | None = None) -> None:
        """Let the sequences go on with given codes `(Q, T)`."""
        for frame in np.asarray(codes, np.int64).T:
            self._contexts(conditions)
            self.append(frame[None])

    def expect(self, conditions: Real | None) -> None:
        """Begin a frame. `conditions`: ranks `(B, C)`, NaN where absent."""
        self._sums = self._contexts(conditions)
        self._votes = FrameVotes(self.past, self._boldness)

    def likelihood(self, level: int) -> Real:
        """Probabilities of the codes of a level, given the coarser codes that were chosen: `(B, K)`."""
        assert self._votes is not None
        guess = self._network.guess(self._sums[0], level)
        if len(self._sums) > 1:
            plain = self._network.guess(self._sums[1], level)
            guess = plain + self._guidance * (guess - plain)
            guess -= guess.max(-1, keepdims=True)
            guess -= np.log(np.exp(guess).sum(-1, keepdims=True))
        return self._votes.mix(level, guess)

    def choose(self, level: int, codes: NDArray[np.int64]) -> None:
        """Take the codes `(B,)` of a level."""
        assert self._votes is not None
        self._votes.choose(level, codes)
        self._sums = [sums + self._network.coarse_part(codes, level) for sums in self._sums]

    def append(self, codes: NDArray[np.int64]) -> None:
        """End a frame with its codes, `(B, Q)`."""
        self.past.append(codes)
        self._frame = self._network.frame(codes)

    def _contexts(self, conditions: Real | None) -> list[Real]:
        each: Sequence[Real | None] = (conditions, None)
        return [
            self._network.context(self._frame, given, state) for state, given in zip(self._states, each, strict=False)
        ]

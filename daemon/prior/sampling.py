"""Sample frames from a prior, one after another, for several sequences at once.

Per level, the code is drawn from the mixture of the network and the copies, sharpened by the temperature. No
truncation: the most likely tail of so small a network is where its variety comes from, and top-k, top-p or min-p make
drones (docs/adr/0102-prior.md). Arithmetic is in float64, so that a sequence depends on its seed alone and not
on how many others are sampled beside it.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.prior.past import FrameVotes, Past
from daemon.prior.prior import Prior

Grid = NDArray[np.uint16]
Real = NDArray[np.float64]


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How to draw codes from a prior."""

    temperature: float = 1.0
    """Below 1 the likely becomes likelier; above 1 less likely."""
    boldness: float = 0.0
    """Nats by which copies of the sequence's own past weigh less; below 0 they weigh more."""
    period: int = 0
    """Frames after which the sequence repeats itself; 0 for no repeats."""
    repeat: float = 0.0
    """Share of the frames that are taken from one period before."""
    repeat_frames: int = 16
    """Mean length of a stretch of repeated or new frames."""


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """Cells that are given and not sampled."""

    codes: NDArray[np.integer]
    """`(Q, T)`."""
    mask: NDArray[np.bool_]
    """`(Q, T)`: True where the cell is given."""


class Sampler:
    """Sequences that grow frame by frame. Each has a seed of its own, and depends on nothing beside it."""

    def __init__(self, prior: Prior, sampling: Sampling) -> None:
        """Begin one empty sequence."""
        self._network, self._sampling = prior.unrolled, sampling
        self._past = Past(prior.copy_weights, self._network.vectors, 1)
        self._state = self._network.trunk.begin(1)
        self._frame = self._network.start(1)
        self._random: list[np.random.Generator] = []
        self._repeats = np.zeros(0, bool)

    def branch(self, seeds: Sequence[int]) -> None:
        """Go on as one sequence for each seed, all with what was heard so far."""
        count = len(seeds)
        self._past, self._state = self._past.branched(count), self._state.branched(count)
        self._frame = np.repeat(self._frame, count, 0)
        self._random = [np.random.default_rng([seed, 0x5A3]) for seed in seeds]
        self._repeats = np.zeros(count, bool)

    def hear(self, codes: NDArray[np.integer], conditions: Real | None = None) -> None:
        """Let the sequence begin with `(Q, T)` codes, before it branches."""
        for frame in np.asarray(codes, np.int64).T:
            self._network.context(self._frame, conditions, self._state)
            self._append(frame[None])

    def draw(self, conditions: Real | None = None, given: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        """Draw the next frame of every sequence.

        Args:
            conditions: `(B, C)` ranks for the frame, NaN where absent.
            given: codes `(Q,)` that are not sampled, -1 where they are.

        Returns:
            Codes `(B, Q)`.
        """
        sums = self._network.context(self._frame, conditions, self._state)
        repeated = self._repeated()
        votes = FrameVotes(self._past, self._sampling.boldness)
        codes = np.zeros((len(self._random), self._network.levels), np.int64)
        chances = np.array([random.random(self._network.levels) for random in self._random])
        for level in range(self._network.levels):
            likelihood = votes.mix(level, self._network.guess(sums, level))
            drawn = self._drawn(likelihood, chances[:, level])
            if repeated is not None:
                drawn = np.where(self._repeats, repeated[:, level], drawn)
            if given is not None and given[level] >= 0:
                drawn = np.full_like(drawn, given[level])
            codes[:, level] = drawn
            votes.choose(level, drawn)
            sums = sums + self._network.coarse_part(drawn, level)
        self._append(codes)
        return codes

    def _append(self, codes: NDArray[np.int64]) -> None:
        self._past.append(codes)
        self._frame = self._network.frame(codes)

    def _drawn(self, likelihood: Real, chance: Real) -> NDArray[np.int64]:
        if self._sampling.temperature != 1.0:
            likelihood = likelihood ** (1 / self._sampling.temperature)
        until = likelihood.cumsum(-1)
        return (until <= chance[:, None] * until[:, -1:]).sum(-1)

    def _repeated(self) -> NDArray[np.int64] | None:
        """The frame one period before, `(B, Q)`, after deciding which sequences repeat it; None without a period."""
        settings, past = self._sampling, self._past
        if not settings.period or settings.repeat <= 0 or past.count < settings.period:
            return None
        for index, random in enumerate(self._random):
            if random.random() < 1 / settings.repeat_frames or past.count == settings.period:
                self._repeats[index] = random.random() < settings.repeat
        return past.codes[:, :, -settings.period].astype(np.int64)


def sample(
    prior: Prior,
    frames: int,
    seeds: Sequence[int],
    sampling: Sampling | None = None,
    *,
    prompt: NDArray[np.integer] | None = None,
    fixed: Fixed | None = None,
    conditions: Real | None = None,
    go_on: Callable[[int], bool] = lambda _: True,
) -> list[Grid]:
    """Sample a grid for each seed, all of `frames` frames.

    Args:
        prompt: `(Q, P)` codes that come before and are not part of the result.
        fixed: cells of the result that are given.
        conditions: ranks `(C,)` that all frames should have, NaN where absent.
        go_on: called with the number of frames done; returning False stops, and the grids are shorter.

    Returns:
        Grids `(Q, frames)`.
    """
    sampler = Sampler(prior, sampling or Sampling())
    if prompt is not None:
        sampler.hear(prompt)
    sampler.branch(seeds)
    wanted = None if conditions is None else np.tile(conditions, (len(seeds), 1))
    made: list[NDArray[np.int64]] = []
    for frame in range(frames):
        given = None if fixed is None else np.where(fixed.mask[:, frame], fixed.codes[:, frame].astype(np.int64), -1)
        made.append(sampler.draw(wanted, given=given))
        if not go_on(frame + 1):
            break
    return list(np.stack(made, -1).astype(np.uint16))

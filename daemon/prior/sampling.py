"""Sample frames from a prior, one after another, for several sequences at once.

Per level, the code is drawn from the mixture of the network and the copies, sharpened by the temperature; a second
prior may have a share in it (`daemon.prior.blend`). No truncation: the most likely tail of so small a network is where
its variety comes from, and top-k, top-p or min-p make drones (docs/adr/0102-prior.md). Arithmetic is in float64, so
that a sequence depends on its seed alone and not on how many others are sampled beside it.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.prior.blend import Blend, mixed
from daemon.prior.prior import Prior
from daemon.prior.voice import Voice

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
    guidance: float = 1.0
    """How far conditions are exaggerated: 1 for as they are."""
    bias: NDArray[np.float64] | None = None
    """Nats `(Q, K)` by which each code is likelier; None for none."""


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """Cells that are given and not sampled."""

    codes: NDArray[np.integer]
    """`(Q, T)`."""
    mask: NDArray[np.bool_]
    """`(Q, T)`: True where the cell is given."""


class Sampler:
    """Sequences that grow frame by frame. Each has a seed of its own, and depends on nothing beside it."""

    def __init__(self, prior: Prior, sampling: Sampling, blend: Blend | None = None) -> None:
        """Begin one empty sequence. `blend`: a second prior that has a share in what is drawn; None for none."""
        self._sampling, self._blend, self._levels = sampling, blend, prior.config.levels
        guidance, boldness = sampling.guidance, sampling.boldness
        self._voices = [Voice(prior, guidance=guidance, boldness=boldness)]
        if blend is not None:
            self._voices.append(Voice(blend.prior, guidance=guidance, boldness=boldness))
            if blend.heard is not None:
                self._voices[1].hear(blend.heard)
        self._random: list[np.random.Generator] = []
        self._repeats = np.zeros(0, bool)

    def branch(self, seeds: Sequence[int]) -> None:
        """Go on as one sequence for each seed, all with what was heard so far."""
        for voice in self._voices:
            voice.branch(len(seeds))
        self._random = [np.random.default_rng([seed, 0x5A3]) for seed in seeds]
        self._repeats = np.zeros(len(seeds), bool)

    def hear(self, codes: NDArray[np.integer], conditions: Real | None = None) -> None:
        """Let the sequence begin with `(Q, T)` codes, before it branches."""
        for voice in self._voices:
            voice.hear(codes, conditions)

    def draw(self, conditions: Real | None = None, given: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        """Draw the next frame of every sequence.

        Args:
            conditions: `(B, C)` ranks for the frame, NaN where absent.
            given: codes `(Q,)` that are not sampled, -1 where they are.

        Returns:
            Codes `(B, Q)`.
        """
        for voice in self._voices:
            voice.expect(conditions)
        repeated = self._repeated()
        codes = np.zeros((len(self._random), self._levels), np.int64)
        chances = np.array([random.random(self._levels) for random in self._random])
        for level in range(self._levels):
            drawn = _drawn(self._likelihood(level), chances[:, level])
            if repeated is not None:
                drawn = np.where(self._repeats, repeated[:, level], drawn)
            if given is not None and given[level] >= 0:
                drawn = np.full_like(drawn, given[level])
            codes[:, level] = drawn
            for voice in self._voices:
                voice.choose(level, drawn)
        for voice in self._voices:
            voice.append(codes)
        return codes

    def _likelihood(self, level: int) -> Real:
        """How likely each code of a level is by all that has a say in it, `(B, K)`; the rows need not sum to 1."""
        temperature = self._sampling.temperature
        likelihood = _sharpened(self._voices[0].likelihood(level), temperature)
        if self._blend is not None:
            other = _sharpened(self._voices[1].likelihood(level), temperature * self._blend.warmth)
            likelihood = mixed(_normal(likelihood), _normal(other), self._blend.share)
        if self._sampling.bias is not None:
            likelihood = likelihood * np.exp(self._sampling.bias[level])
        return likelihood

    def _repeated(self) -> NDArray[np.int64] | None:
        """The frame one period before, `(B, Q)`, after deciding which sequences repeat it; None without a period."""
        settings, past = self._sampling, self._voices[0].past
        if not settings.period or settings.repeat <= 0 or past.count < settings.period:
            return None
        for index, random in enumerate(self._random):
            if random.random() < 1 / settings.repeat_frames or past.count == settings.period:
                self._repeats[index] = random.random() < settings.repeat
        return past.codes[:, :, -settings.period].astype(np.int64)


def _sharpened(likelihood: Real, temperature: float) -> Real:
    return likelihood if temperature == 1.0 else likelihood ** (1 / temperature)


def _normal(likelihood: Real) -> Real:
    return likelihood / likelihood.sum(-1, keepdims=True)


def _drawn(likelihood: Real, chance: Real) -> NDArray[np.int64]:
    """A code of each row `(B, K)` by chance, `(B,)`."""
    until = likelihood.cumsum(-1)
    return (until <= chance[:, None] * until[:, -1:]).sum(-1)


def sample(
    prior: Prior,
    frames: int,
    seeds: Sequence[int],
    sampling: Sampling | None = None,
    *,
    prompt: NDArray[np.integer] | None = None,
    fixed: Fixed | None = None,
    conditions: Real | None = None,
    blend: Blend | None = None,
    go_on: Callable[[int], bool] = lambda _: True,
) -> list[Grid]:
    """Sample a grid for each seed, all of `frames` frames.

    Args:
        prompt: `(Q, P)` codes that come before and are not part of the result.
        fixed: cells of the result that are given.
        conditions: ranks `(C,)` that all frames should have, NaN where absent.
        blend: a second prior that has a share in what is drawn.
        go_on: called with the number of frames done; returning False stops, and the grids are shorter.

    Returns:
        Grids `(Q, frames)`.
    """
    sampler = Sampler(prior, sampling or Sampling(), blend)
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

"""Changes a selection by steps of one quality of sound, such as brightness, and holds the other qualities.

A step is a clear change of the decoded selection (`daemon.atlas.descriptors.STEPS`). Derivatives of the decoder and the
atlas propose which cells to change (`daemon.blending.proposals`); decodes decide. Each step goes like this: the
derivatives at the present codes give a first choice of codes, the derivatives at that choice are averaged with the
first ones (which makes the estimate exact to second order), and the choice is made again and corrected by what its
decode lacks. Of all choices that were decoded, the best one that reaches the step is taken. If none does, codes
farther away are tried, and other qualities are held less. If that does not help, the model has nothing further, and
the cells stay.

Long selections are changed in blocks, one after another, so that memory does not grow with them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.atlas.descriptors import DESCRIPTORS, STEPS
from daemon.atlas.directions import Direction, direction_to
from daemon.atlas.table import Atlas
from daemon.blending.excerpt import Excerpt, Heard
from daemon.blending.proposals import Proposals
from daemon.codec.codec import Codec, Codes

BLOCK_FRAMES = 480  # 10 s
TRIES = 3  # decodes that correct a choice
CAUTION = 0.65  # of a first derivative: the decoder's real changes are so much smaller
WANTED, LEVEL, PARTS = 2.0, 2.0, 0.3  # weights of squared errors, in steps
EFFORTS = ((8, 0.5), (16, 0.3), (16, 0.1), (32, 0.1))  # near codes of a cell, and the weight of other descriptors
LOUDNESS = DESCRIPTORS.index("loudness")
HELD = 0.5  # steps of loudness, so 1 dB
NEAR = 0.4  # how far a step may be from its size, in steps
QUIET, SILENT = 1e-4, 1e-7  # mean square, against the loudest part and absolute: such a part is not changed

Real = NDArray[np.floating]
Columns = NDArray[np.int64]


def nudge(
    codec: Codec,
    atlas: Atlas | None,
    codes: Codes,
    *,
    first: int,
    past: int,
    levels: str,
    descriptor: str,
    sign: int,
    by: float,
) -> Codes:
    """Move frames [first, past) by steps towards more (sign +1) or less (−1) of a descriptor.

    Args:
        atlas: None if it is not measured yet; then nothing has a veto.
        codes: (Q, T), the frames and their surroundings, which are decoded with them.
        levels: the levels that may change, as in "1 2 3".
        by: the number of steps, or a part of one; fewer if the model has nothing further.

    Returns:
        (Q, past − first) uint16. The same arguments always give the same codes.
    """
    costs = {"loudness": LEVEL} | {descriptor: WANTED}
    efforts = [direction_to(descriptor, sign, near=near, weights=costs, others=others) for near, others in EFFORTS]
    after, count = codes.copy(), past - first
    blocks = max(1, math.ceil(count / BLOCK_FRAMES))
    for number in range(blocks):
        lo, hi = (first + place * count // blocks for place in (number, number + 1))
        excerpt = Excerpt(codec, after, lo, hi)
        moved = _Steps(codec, atlas, excerpt, efforts, [int(level) for level in levels.split()]).take(by)
        after[:, lo:hi] = moved[:, excerpt.frames]
    return after[:, first:past]


def compare(codec: Codec, before: Codes, after: Codes, *, first: int, past: int) -> NDArray[np.float32]:
    """Change of every descriptor between frames [first, past) of two grids (Q, T): (2, A), in steps and in units."""
    one, other = (Excerpt(codec, codes, first, past) for codes in (before, after))
    was, now = one.listen(one.codes), other.listen(other.codes)
    steps = _whole(now.values - was.values, was.power)
    return np.stack([steps, steps * np.array(STEPS, np.float32)])


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """Codes that were decoded: the change of each part since the start, (P, A), in steps, and what its errors cost."""

    codes: Codes
    change: Real
    cost: float


class _Steps:
    """Steps of one excerpt, from its codes as they are."""

    def __init__(
        self, codec: Codec, atlas: Atlas | None, excerpt: Excerpt, efforts: list[Direction], levels: list[int]
    ) -> None:
        self._codec, self._atlas, self._excerpt, self._levels = codec, atlas, excerpt, levels
        self._efforts, self._direction = efforts, efforts[0]
        self._start: Heard = excerpt.listen(excerpt.codes)
        power = self._start.power
        self._audible = (power > QUIET * power.max()) & (power > SILENT)

    def take(self, by: float) -> Codes:
        """Return the codes (Q, T) of the excerpt, with its surroundings, after as many steps as the model has."""
        reached = self._excerpt.codes
        if not self._levels or not self._audible.any():
            return reached
        for number in range(math.ceil(by)):
            size = min(number + 1.0, by)
            trial = self._best(reached, size)
            if trial is None:
                break
            reached = trial.codes
        return reached

    def _best(self, codes: Codes, size: float) -> _Trial | None:
        """The best of the trials that are about `size` steps from the start, or None if there is none.

        If the first direction has none, the next ones look farther and hold the other descriptors less.
        """
        for direction in self._efforts:
            self._direction = direction
            trials = [trial for trial in self._step(codes, size) if self._is_right(trial, size)]
            if trials:
                return min(trials, key=lambda trial: trial.cost)
        return None

    def _step(self, codes: Codes, size: float) -> list[_Trial]:
        """Decode choices that should be `size` steps from the start."""
        goal = np.zeros_like(self._start.values)
        goal[self._audible, self._direction.column] = self._direction.sign * size
        here = self._excerpt.sense(codes)
        left = goal - (here.values - self._start.values)
        parts = self._proposals(codes)
        slopes = _effects(parts, here.gradients * np.float32(CAUTION), self._excerpt)
        there = self._excerpt.sense(_put(codes, parts, _choices(parts, slopes, left)))
        slopes = _effects(parts, (here.gradients + there.gradients) / 2, self._excerpt)
        trials, chosen = list[_Trial](), None
        for _ in range(TRIES):
            chosen = _choices(parts, slopes, left, chosen)
            tried = _put(codes, parts, chosen)
            change = self._excerpt.listen(tried).values - self._start.values
            left = goal - change
            trials.append(_Trial(codes=tried, change=change, cost=self._cost(left)))
        return trials

    def _proposals(self, codes: Codes) -> dict[int, Proposals]:
        """What the cells of each audible part may become."""
        starts, of = self._excerpt.frames.start, self._excerpt.part_of
        return {
            part: Proposals(
                self._codec, self._atlas, codes, starts + np.flatnonzero(of == part), self._levels, self._direction
            )
            for part in np.flatnonzero(self._audible).tolist()
        }

    def _cost(self, left: Real) -> float:
        """The weighted error of what is missing, (P, A): of the excerpt as a whole, and of its parts."""
        heard, power = left[self._audible], self._start.power[self._audible]
        apart = _whole(np.square(heard), power)
        return float(self._direction.weights @ (np.square(_whole(heard, power)) + PARTS * apart))

    def _is_right(self, trial: _Trial, size: float) -> bool:
        """Whether a trial has about the wanted size, and holds the level."""
        change = _whole(trial.change[self._audible], self._start.power[self._audible])
        is_level = self._direction.column == LOUDNESS or abs(float(change[LOUDNESS])) <= HELD
        return is_level and abs(self._direction.sign * float(change[self._direction.column]) - size) <= NEAR * min(
            1, size
        )


def _effects(parts: Mapping[int, Proposals], gradients: Real, excerpt: Excerpt) -> list[Real]:
    return [proposals.effects(gradients, excerpt.frames.start) for proposals in parts.values()]


def _choices(
    parts: Mapping[int, Proposals], effects: list[Real], left: Real, chosen: list[Columns] | None = None
) -> list[Columns]:
    """Choose codes in every part for what is left to change, (P, A), on top of those chosen before."""
    before = chosen or [np.zeros(len(proposals.frames), np.int64) for proposals in parts.values()]
    return [
        proposals.choose(effect, left[part], columns)
        for (part, proposals), effect, columns in zip(parts.items(), effects, before, strict=True)
    ]


def _put(codes: Codes, parts: Mapping[int, Proposals], chosen: list[Columns]) -> Codes:
    after = codes.copy()
    for proposals, columns in zip(parts.values(), chosen, strict=True):
        proposals.put(after, columns)
    return after


def _whole(values: Real, power: Real) -> Real:
    """The mean of parts (P, A), each counted by its power, (A,)."""
    return (values * (power / max(float(power.sum()), 1e-12))[:, None]).sum(0)

"""What the neural engine hears before it begins: a stretch of the recordings, with the period at which it repeats.

A prior that begins with nothing wanders into an average of all recordings and stays there, because it copies its own
past. So a sound begins after a stretch of one recording that is heard and not part of the result: copies then have real
hits, decays and a rhythm to look at. Consecutive seeds begin in places far apart, so that a batch covers the
recordings. The period is that at which the recording is most like itself; many have none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.generation.material import Material, Take

HEARD_FRAMES = 192
"""Frames heard before a sound begins, 4 s, as many as the prior's crops have."""
SHORT_FRAMES = 64
"""Frames below which a recording is a single sound, and others of its kind are heard before it."""
SHORTEST_PERIOD, LONGEST_PERIOD = 24, 240
"""Frames: a beat at 117 bpm, and two bars at 94 bpm."""
LIKENESS = 0.75
"""Distance at the period over the usual one, above which a recording has no period."""
_GOLDEN = (5**0.5 - 1) / 2  # multiples of it are spread evenly, however many there are


@dataclass(frozen=True)
class Beginning:
    """A stretch that is heard before a sound."""

    codes: Codes
    period: int
    """Frames after which the recording repeats itself, or 0."""


class Beginnings:
    """Beginnings from one material."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._short = [take for take in material.takes if take.frames < SHORT_FRAMES]
        self._periods: dict[int, int] = {}

    def drawn(self, seed: int, far: NDArray[np.float32] | None = None) -> Beginning:
        """The beginning of a seed. `far`: how far every frame is from what is wanted, `(N,)`; near ones are taken."""
        material = self._material
        if far is None:
            at = int((seed * _GOLDEN + 0.5) % 1 * material.frames)
        else:
            near = np.argsort(far, kind="stable")[: max(1, len(far) // 20)]
            at = int(np.random.default_rng([seed, 0xB61]).choice(near))
        take = material.takes[int(material.take_of[at])]
        stop = max(at + 1, min(take.first + HEARD_FRAMES, take.stop))
        heard = material.codes[:, max(take.first, stop - HEARD_FRAMES) : stop]
        if take.frames < SHORT_FRAMES:
            heard = self._led(heard, seed)
        return Beginning(heard, self._period(take))

    def _led(self, codes: Codes, seed: int) -> Codes:
        """Codes of a short recording with other short ones before it."""
        random, parts = np.random.default_rng([seed, 0xB62]), [codes]
        room = HEARD_FRAMES - codes.shape[1]
        for index in random.permutation(len(self._short)):
            room -= self._short[index].frames
            if room < 0:
                break
            parts.insert(0, self._material.codes_of(self._short[index]))
        return np.concatenate(parts, 1)

    def _period(self, take: Take) -> int:
        if take.first not in self._periods:
            self._periods[take.first] = period_of(self._material.latents[take.first : take.stop])
        return self._periods[take.first]


def period_of(latents: NDArray[np.float32]) -> int:
    """Frames after which latents `(T, D)` are most like themselves, if clearly more than usual; else 0.

    Neighbouring frames are alike in any sound, so periods count from where the sound has become unlike itself.
    """
    lags = np.arange(SHORTEST_PERIOD, min(len(latents) // 2, LONGEST_PERIOD) + 1)
    if not len(lags):
        return 0
    apart = np.array([np.square(latents[lag:] - latents[:-lag]).sum(1).mean() for lag in lags])
    usual = float(np.median(apart))
    first = int(np.argmax(apart >= usual))
    best = first + int(apart[first:].argmin())
    return int(lags[best]) if apart[best] < LIKENESS * usual else 0

"""The atlas of a model for the screens: what each code does in words, its use in training, and the user's labels."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.atlas import FIRST_COMPONENT, UNKNOWN, words_of
from protocol.messages.models import Atlas, Palette


@dataclass(frozen=True)
class Colours:
    """What the cell colours mean: ranks (Q, K) uint16 on a descriptor, or None while they are unknown."""

    descriptor: str = ""
    ranks: npt.NDArray[np.uint16] | None = None
    unsure: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return the descriptor and the levels on which it is unreliable; "" while nothing is known."""
        if not self.descriptor:
            return ""
        kind = "rank on " if self.descriptor == FIRST_COMPONENT else ""
        unsure = f", unsure on {' '.join(map(str, self.unsure))}" if self.unsure else ""
        return f"{kind}{self.descriptor}{unsure}"

    def next_choice(self) -> str:
        """Return the descriptor after this one, with the first component last; "" when there is no choice."""
        choices = [*self.choices, FIRST_COMPONENT]
        at = choices.index(self.descriptor) if self.descriptor in choices else -1
        return choices[(at + 1) % len(choices)] if self.choices else ""

    def step(self, level: int, code: int, by: int) -> int:
        """Return the code `by` ranks further on a level, at most the last one. Without ranks, counts by code number."""
        if self.ranks is None or level >= len(self.ranks) or code >= self.ranks.shape[1]:
            return max(0, code + by)
        order = np.argsort(self.ranks[level])
        return int(order[min(max(0, int(self.ranks[level, code]) + by), len(order) - 1)])


def colours_of(palette: Palette, ranks: npt.NDArray[Any]) -> Colours:
    """Build `Colours` from the daemon's reply: a palette and its ranks (Q, K)."""
    return Colours(palette.descriptor, np.asarray(ranks, np.uint16), tuple(palette.unsure), tuple(palette.choices))


@dataclass(frozen=True)
class CodeAtlas:
    """A model's atlas. The tables are empty unless `info.state` is ready."""

    info: Atlas
    mean: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0, 0)))
    verdicts: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0, 0), np.int16))
    usage: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0), np.int32))

    @property
    def is_ready(self) -> bool:
        """Whether the model's atlas was measured and can be read."""
        return self.info.state == "ready"

    def words(self, level: int, code: int) -> str:
        """Return what a code does to the sound, such as `brighter, noisier (sure)`; "" without an atlas."""
        if level >= self.mean.shape[0] or code >= self.mean.shape[1]:
            return ""
        names = self.info.descriptors
        between = self.mean[level].std(0) + 1e-9
        verdicts = dict(zip(names, self.verdicts[level, code].tolist(), strict=True))
        strengths = dict(zip(names, (self.mean[level, code] / between).tolist(), strict=True))
        return words_of(verdicts, strengths)

    def is_known(self, level: int, code: int, descriptor: str) -> bool:
        """Return whether the atlas reliably measured how a code changes a descriptor."""
        if descriptor not in self.info.descriptors or level >= self.verdicts.shape[0]:
            return False
        return int(self.verdicts[level, code, self.info.descriptors.index(descriptor)]) != UNKNOWN

    def value(self, level: int, code: int, descriptor: str) -> str:
        """Return a code's effect on a descriptor, such as `brightness +0.31 octaves`; "" without an atlas."""
        if descriptor not in self.info.descriptors or level >= self.mean.shape[0]:
            return ""
        if not self.is_known(level, code, descriptor):
            return f"{descriptor} unknown"
        at = self.info.descriptors.index(descriptor)
        return f"{descriptor} {self.mean[level, code, at]:+.2f} {self.info.units[at]}"

    def label(self, level: int, code: int) -> str:
        """Return the user's name for a code, or "" when it has none."""
        return self.info.labels.get(f"{level}:{code}", "")

    def used(self, level: int, code: int) -> int | None:
        """Return how often a code occurs in the training frames, or None when it was not counted."""
        return int(self.usage[level, code]) if level < self.usage.shape[0] else None


def atlas_of(info: Atlas, buffers: list[npt.NDArray[Any]]) -> CodeAtlas:
    """Build a `CodeAtlas` from the daemon's reply and its buffers."""
    if info.state != "ready" or len(buffers) != 4:
        return CodeAtlas(info)
    mean, _, verdicts, usage = buffers
    return CodeAtlas(info, mean, verdicts, usage)

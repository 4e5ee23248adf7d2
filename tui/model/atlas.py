"""What a model's codes do, as the screens know it: words for a code, its use in training, what a person calls it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.atlas import FIRST_COMPONENT, UNKNOWN, words_of
from protocol.messages.models import Atlas, Palette


@dataclass(frozen=True)
class Colours:
    """What colours mean: ranks (Q, K) on a descriptor, None while it is not known."""

    descriptor: str = ""
    ranks: npt.NDArray[np.uint16] | None = None
    unsure: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The descriptor, and on which levels it does not tell codes apart; "" while nothing is known."""
        if not self.descriptor:
            return ""
        kind = "rank on " if self.descriptor == FIRST_COMPONENT else ""
        unsure = f", unsure on {' '.join(map(str, self.unsure))}" if self.unsure else ""
        return f"{kind}{self.descriptor}{unsure}"

    def next_choice(self) -> str:
        """The descriptor after this one, the first component last; "" when there is no choice."""
        choices = [*self.choices, FIRST_COMPONENT]
        at = choices.index(self.descriptor) if self.descriptor in choices else -1
        return choices[(at + 1) % len(choices)] if self.choices else ""

    def step(self, level: int, code: int, by: int) -> int:
        """The code so many ranks further on a level, at most the last; by number while no ranks are known."""
        if self.ranks is None or level >= len(self.ranks) or code >= self.ranks.shape[1]:
            return max(0, code + by)
        order = np.argsort(self.ranks[level])
        return int(order[min(max(0, int(self.ranks[level, code]) + by), len(order) - 1)])


def colours_of(said: Palette, ranks: npt.NDArray[Any]) -> Colours:
    """From the daemon's answer."""
    return Colours(said.descriptor, np.asarray(ranks, np.uint16), tuple(said.unsure), tuple(said.choices))


@dataclass(frozen=True)
class CodeAtlas:
    """A model's atlas. The tables are empty unless `info.state` is ready."""

    info: Atlas
    mean: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0, 0)))
    verdicts: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0, 0), np.int16))
    usage: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0), np.int32))

    @property
    def is_ready(self) -> bool:
        """Is there an atlas?"""
        return self.info.state == "ready"

    def words(self, level: int, code: int) -> str:
        """What a code does: `brighter, noisier (sure)`; "" without an atlas."""
        if level >= self.mean.shape[0] or code >= self.mean.shape[1]:
            return ""
        names = self.info.descriptors
        between = self.mean[level].std(0) + 1e-9
        verdicts = dict(zip(names, self.verdicts[level, code].tolist(), strict=True))
        strengths = dict(zip(names, (self.mean[level, code] / between).tolist(), strict=True))
        return words_of(verdicts, strengths)

    def is_known(self, level: int, code: int, descriptor: str) -> bool:
        """Could it be told what a code does to a descriptor?"""
        if descriptor not in self.info.descriptors or level >= self.verdicts.shape[0]:
            return False
        return int(self.verdicts[level, code, self.info.descriptors.index(descriptor)]) != UNKNOWN

    def value(self, level: int, code: int, descriptor: str) -> str:
        """`+0.31 octaves`, "unknown", or "" without an atlas."""
        if descriptor not in self.info.descriptors or level >= self.mean.shape[0]:
            return ""
        if not self.is_known(level, code, descriptor):
            return f"{descriptor} unknown"
        at = self.info.descriptors.index(descriptor)
        return f"{descriptor} {self.mean[level, code, at]:+.2f} {self.info.units[at]}"

    def label(self, level: int, code: int) -> str:
        """The person's word for a code, "" for none."""
        return self.info.labels.get(f"{level}:{code}", "")

    def used(self, level: int, code: int) -> int | None:
        """How often a code stands in the training frames, None when nobody counted."""
        return int(self.usage[level, code]) if level < self.usage.shape[0] else None


def atlas_of(info: Atlas, buffers: list[npt.NDArray[Any]]) -> CodeAtlas:
    """From the daemon's answer."""
    if info.state != "ready" or len(buffers) != 4:
        return CodeAtlas(info)
    mean, _, verdicts, usage = buffers
    return CodeAtlas(info, mean, verdicts, usage)

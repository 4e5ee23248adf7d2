"""Two models' material as one, for engines that quote recordings: every choice is of the second by its share.

The takes, frames and events of the second model stand behind those of the first. An engine draws for each of its
choices (a rhythm, the voice of a kit, a stretch of a collage, an excerpt of a drone) whose recordings it takes.
"""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from daemon.generation.event_bank import EventBank
from daemon.generation.material import Material, Take
from daemon.generation.origins import Origins
from daemon.prior.blend import Blend


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The second model of a generation, as the engines of the first one take it up."""

    name: str
    share: float
    """Its share, 0 to 1; below 0 the first model turns away from it."""
    is_borrowed: bool
    """Whether it has another codec, so that it takes part through its sound."""
    has_prior: bool
    """Whether it can take part in what is drawn: it has a prior of the codec, or takes part through its sound."""
    blend: Blend | None = None
    """Its share in what is drawn; None where one of the two draws alone."""
    origins: Origins | None = None
    """Whose recordings are quoted how often; None where only the first model's are."""
    notes: list[str] = field(default_factory=list[str])
    """What a user should know of it, in sentences."""


class JoinedMaterial(Material):
    """The material of two models of one codec."""

    def __init__(self, first: Material, second: Material, share: float) -> None:
        moved = [msgspec.structs.replace(take, first=take.first + first.frames) for take in second.takes]
        codes = np.concatenate([first.codes, second.codes], 1)
        described = np.concatenate([first.described, second.described])
        takes: list[Take] = [*first.takes, *moved]
        super().__init__(first.codec, takes, codes, described)
        self.origins = Origins(first_take=len(first.takes), share=share)
        self.lufs = (1 - share) * first.lufs + share * second.lufs


def joined_banks(first: EventBank | None, second: EventBank | None, takes: int) -> EventBank | None:
    """The events of two models as one bank; `takes`: the number of takes of the first. None without either's."""
    if first is None or second is None:
        return None
    count = min(first.neighbours.shape[1], second.neighbours.shape[1])
    other = _moved(second, takes, len(first.events), first.codes.shape[1], first.material_frames)
    return EventBank(
        codec_id=first.codec_id,
        material_frames=first.material_frames + second.material_frames,
        events=[*first.events, *other.events],
        codes=np.concatenate([first.codes, second.codes], 1),
        descriptors=np.concatenate([first.descriptors, second.descriptors]),
        neighbours=np.concatenate([first.neighbours[:, :count], other.neighbours[:, :count]]),
        patterns=[*first.patterns, *other.patterns],
        drones=[*first.drones, *other.drones],
        drone_descriptors=np.concatenate([first.drone_descriptors, second.drone_descriptors]),
        rates=sorted([*first.rates, *second.rates]),
    )


def _moved(bank: EventBank, takes: int, events: int, codes: int, frames: int) -> EventBank:
    """A bank whose pieces are numbered as they stand behind those of another."""
    replace = msgspec.structs.replace
    return EventBank(
        codec_id=bank.codec_id,
        material_frames=bank.material_frames,
        events=[replace(event, take=event.take + takes, first=event.first + codes) for event in bank.events],
        codes=bank.codes,
        descriptors=bank.descriptors,
        neighbours=bank.neighbours + events,
        patterns=[
            replace(pattern, take=pattern.take + takes, events=[event + events for event in pattern.events])
            for pattern in bank.patterns
        ],
        drones=[replace(drone, take=drone.take + takes, first=drone.first + frames) for drone in bank.drones],
        drone_descriptors=bank.drone_descriptors,
        rates=bank.rates,
    )

"""Choose the recordings' events for the slots of a plan.

The events of the template are grouped into a few roles by their ranks: what is like a kick, like a hat. Each role gets
events that are like it from a kit: one recording and those whose events are most like its own. So an output sounds like
one place and not like a shuffle of all recordings, and another output like another. Events are preferred that can be
stretched to fill their slot: a short one in a long slot leaves a hole. With wanted ranks, events are chosen near them,
and near the median in the other ranks that can be wanted.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.generation.event_bank import COLUMNS, EventBank
from daemon.generation.event_grid import Plan, Slot
from daemon.generation.event_settings import EventSettings
from protocol.units import SAMPLE_RATE_HZ

CONTROLS = ("brightness", "roughness", "attack")
DRY = 0.5
"""Fullness below which only events that read as one onset are used."""
_LIKENESS = {"loudness": 1.0, "brightness": 1.5, "noisiness": 0.7, "length": 1.0}
_NEAR_ROLE = 0.16  # squared distance of ranks within which two events of a template are one role
_KIT_TAKES, _KIT_EVENTS = 4, 4  # least recordings of a kit, and least events
_KIT_BONUS, _KIT_BONUS_WANTED = 2.0, 0.03
_SHORT, _REACH = 0.5, 2.0
"""Cost of an event for each doubling, squared, by which its slot is longer than `_REACH` times itself."""
_POOL, _VARIED_POOL = 3, 10
_WANTED, _PINNED, _FREE = 6.0, 1.0, 0.15
_LEAST_SINGLES = 6


@dataclass(frozen=True)
class Choice:
    """The event of a slot."""

    event: int
    stands_for: int
    """The template's event, or -1."""


class Chooser:
    """Chooses events for one output."""

    def __init__(self, bank: EventBank, plan: Plan, seed: int, settings: EventSettings) -> None:
        self._bank, self._settings = bank, settings
        self._ranks = bank.ranks()
        random = np.random.default_rng([seed, 0xC40])
        self._chance = int(random.integers(1 << 31))
        self._usable = self._usable_events(plan)
        self._takes = np.array([event.take for event in bank.events])
        self._bonus = (_KIT_BONUS_WANTED if settings.wanted else _KIT_BONUS) * self._kit(random)
        self._roles = self._roles_of(plan)
        self._pools: dict[tuple[int, int], NDArray[np.int64]] = {}

    def choose(self, slot: Slot) -> Choice:
        """The event of a slot; the same for the same step of a repeated bar unless the slot is varied."""
        role = self._roles.get(slot.role, -1)
        pool = self._pool(role, slot.samples)
        draw = self._draw(role, slot.bar, slot.step, slot.at if slot.is_varied else 0)
        place = int(draw.random() ** 2 * min(len(pool), _VARIED_POOL if slot.is_varied else _POOL))
        return Choice(int(pool[place]), slot.role)

    def _kit(self, random: np.random.Generator) -> NDArray[np.bool_]:
        """Which events are of the kit: those of one recording and of the recordings most like it, `(E,)`."""
        takes = self._takes
        candidates, counts = np.unique(takes[self._usable], return_counts=True)
        means = np.array([self._ranks[takes == take].mean(0) for take in candidates])
        first = int(random.integers(len(candidates)))
        near = np.argsort(np.square(means - means[first]).sum(1), kind="stable")
        enough = int(np.searchsorted(counts[near].cumsum(), _KIT_EVENTS)) + 1
        return np.isin(takes, candidates[near[: max(_KIT_TAKES, enough)]])

    def _draw(self, role: int, *at: int) -> np.random.Generator:
        """Chance of one place in the plan, which other places do not change."""
        return np.random.default_rng([self._chance, role + 1, *at])

    def _usable_events(self, plan: Plan) -> NDArray[np.int64]:
        """Events that may be chosen: single ones if the output is dry, and not those of the template's recording."""
        events = self._bank.events
        usable = range(len(events))
        if self._settings.full < DRY:
            singles = [index for index in usable if events[index].is_single]
            usable = singles if len(singles) >= _LEAST_SINGLES else usable
        if plan.pattern is not None:
            others = [index for index in usable if events[index].take != plan.pattern.take]
            usable = others if len(others) >= _LEAST_SINGLES else usable
        return np.array(usable, np.int64)

    def _roles_of(self, plan: Plan) -> dict[int, int]:
        """Leader of the role of each template event."""
        weights = np.sqrt(list(_LIKENESS.values()))
        columns = [COLUMNS.index(name) for name in _LIKENESS]
        leaders, roles = list[int](), dict[int, int]()
        for event in sorted({slot.role for slot in plan.slots if slot.role >= 0}):
            place = self._ranks[event, columns] * weights
            near = [one for one in leaders if np.square(self._ranks[one, columns] * weights - place).sum() < _NEAR_ROLE]
            if not near:
                leaders.append(event)
            roles[event] = near[0] if near else event
        return roles

    def _pool(self, role: int, samples: int) -> NDArray[np.int64]:
        """Events for a role in a slot of about `samples` samples, the best first."""
        half_octave = round(2 * math.log2(samples / SAMPLE_RATE_HZ))
        if (role, half_octave) not in self._pools:
            usable, origins = self._usable, self._settings.origins
            if origins is not None:  # the voice of a role is one model's
                usable = usable[origins.drawn(self._takes[usable], self._draw(role, 0x0719))]
            lengths = np.maximum(self._bank.descriptors[:, COLUMNS.index("length")], 0.01)
            missing = np.maximum(0, half_octave / 2 - np.log2(_REACH * lengths))
            full = _SHORT * self._settings.full
            cost = (self._cost(role) + full * np.square(missing))[usable]
            self._pools[role, half_octave] = usable[np.argsort(cost, kind="stable")][:_VARIED_POOL]
        return self._pools[role, half_octave]

    def _cost(self, role: int) -> NDArray[np.float64]:
        """How ill each event of the bank fits a role and the wanted ranks, `(E,)`."""
        wanted = self._settings.wanted
        cost = -self._bonus
        for name, weight in _LIKENESS.items():
            column = self._ranks[:, COLUMNS.index(name)]
            target = self._ranks[role, COLUMNS.index(name)] if role >= 0 else 0.5
            if name not in CONTROLS or not wanted:
                cost = cost + weight * (_FREE if wanted else 1.0) * np.square(column - target)
        if wanted:
            for name in CONTROLS:
                column = self._ranks[:, COLUMNS.index(name)]
                weight = _WANTED if name in wanted else _PINNED
                cost = cost + weight * np.square(column - wanted.get(name, 0.5))
        # A little chance: another seed has another kit.
        chance = self._draw(role).random(len(cost))
        return cost + (0.02 if wanted else 0.08) * chance

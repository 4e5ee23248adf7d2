"""Plan an output of the events engine: which steps of each bar have an event, at which sample.

Data flow: the rhythm of one recording is folded onto the sixteenths of a bar. All steps of a bar are then put in an
order, those of the recording first. A bar of n events uses the first n steps of its order, so that more density adds
events and moves none. Bars repeat, with part of their steps and events exchanged. Times are exact to the sample.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from daemon.generation.event_bank import COLUMNS, EventBank, Pattern
from daemon.generation.event_settings import EventSettings
from daemon.generation.origins import Origins
from protocol.units import SAMPLE_RATE_HZ

STEPS = 16
FINE_STEPS = 32
"""Steps of a bar in which more than `_MOST_OF_16` events are wanted."""
USUAL_BPM = 120.0
"""Tempo where neither the user nor a recording gives one."""
_MOST_OF_16 = 13
_METRE = np.array([4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0], float)  # of a 4/4 bar in sixteenths
_SWAPPED = 0.5  # of the events that vary, the share that moves to another step
_LOUD_LEAST, _LOUD_MOST = 10, 90
_LEAST_RATE = 0.5
_USUAL_RATES = (0.1, 0.9)  # quantiles of the recordings' rates between which a rate is drawn

Order = list[int]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One event of the plan, not yet chosen."""

    at: int
    """Sample of its onset."""
    samples: int
    """Samples until the next onset."""
    role: int
    """Event of the template that it stands for, or -1."""
    bar: int
    step: int
    is_varied: bool
    """Whether its event is drawn again rather than repeated."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All events of an output in time, and what was decided for the whole."""

    slots: list[Slot]
    bpm: float
    pattern: Pattern | None
    """The recording whose rhythm it is."""
    notes: list[str]


def densities(bank: EventBank) -> tuple[float, float]:
    """Onsets a second at density 0 and 1: the sparse and the dense end of the recordings."""
    rates = np.array(bank.rates) if bank.rates else np.array([1.0, 6.0])
    low = max(_LEAST_RATE, float(np.percentile(rates, _LOUD_LEAST)))
    return low, max(2 * low, float(np.percentile(rates, _LOUD_MOST)))


def make_plan(bank: EventBank, samples: int, seed: int, settings: EventSettings) -> Plan:
    """Plan the slots of an output of `samples` samples."""
    random = np.random.default_rng([seed, 0x91A])
    pattern = _drawn_pattern(bank, random, settings.origins)
    bpm, notes = _tempo(pattern, samples, settings)
    bar_s = 240 / bpm
    bars = max(1, int(np.ceil(samples / SAMPLE_RATE_HZ / bar_s - 1e-9)))
    rate = _rate(bank, settings, random)
    counts = _counts(rate, bars, bar_s)
    steps = FINE_STEPS if max(counts) > _MOST_OF_16 else STEPS
    templates = _templates(pattern, steps, bank)
    histogram, ranks = _histogram(bank, steps), bank.ranks()[:, COLUMNS.index("loudness")]
    slots: list[Slot] = []
    base: list[tuple[Order, dict[int, int]]] = []
    phrase = min(len(templates), 2 if bars >= 4 else 1)
    first = int(random.integers(max(1, len(templates) - phrase + 1)))
    for bar in range(bars):
        template = templates[(first + bar % phrase) % len(templates)]
        if bar < phrase:
            base.append((_order(template, ranks, histogram, random, steps, needs_first=bar == 0), template))
        order, roles = base[bar % phrase]
        count = min(max(counts[bar], int(bar == 0)), steps)
        varied = set[int]()
        if bar >= phrase:
            order, varied = _varied(order, count, 1 - settings.repeat, random)
        for step in sorted(order[:count]):
            at = round((bar + step / steps) * bar_s * SAMPLE_RATE_HZ)
            role = roles.get(step, -1)
            slots.append(Slot(at=at, samples=0, role=role, bar=bar % phrase, step=step, is_varied=step in varied))
    return Plan(slots=_spaced(slots, samples, settings.is_loop), bpm=bpm, pattern=pattern, notes=notes)


def _drawn_pattern(bank: EventBank, random: np.random.Generator, origins: Origins | None) -> Pattern | None:
    """One of the recordings' rhythms, longer ones more often."""
    if not bank.patterns:
        return None
    weights = np.array([np.sqrt(pattern.beats) for pattern in bank.patterns])
    if origins is not None:
        weights *= origins.drawn(np.array([pattern.take for pattern in bank.patterns]), random)
    return bank.patterns[int(random.choice(len(weights), p=weights / weights.sum()))]


def _tempo(pattern: Pattern | None, samples: int, settings: EventSettings) -> tuple[float, list[str]]:
    """The tempo, and what there is to say about it."""
    seconds = samples / SAMPLE_RATE_HZ
    if settings.tempo is not None:
        beats = seconds * settings.tempo / 60
        if settings.is_loop and abs(beats - round(beats)) > 0.01:
            return settings.tempo, [f"The loop is {beats:.2f} beats long, so its end is no whole beat."]
        return settings.tempo, []
    notes = [] if pattern else [f"No recording has a clear tempo, so it is {USUAL_BPM:.0f} bpm."]
    bpm = pattern.bpm if pattern else USUAL_BPM
    if not settings.is_loop:
        return bpm, notes
    beats = max(1, round(seconds * bpm / 60))
    bars = max(4, 4 * round(beats / 4))
    # Whole bars where that changes the tempo little, else whole beats.
    fitting = bars if abs(bars / (seconds * bpm / 60) - 1) < 0.13 else beats
    return 60 * fitting / seconds, notes


def _rate(bank: EventBank, settings: EventSettings, random: np.random.Generator) -> float:
    """Onsets a second: as wanted, or by chance as many as one of the recordings has."""
    chance = random.uniform(*_USUAL_RATES)
    if settings.density is None and bank.rates:
        return max(_LEAST_RATE, float(np.quantile(bank.rates, chance)))
    low, high = densities(bank)
    return low * (high / low) ** (0.5 if settings.density is None else settings.density)


def _counts(rate: float, bars: int, bar_s: float) -> list[int]:
    """Events of each bar, so many that all bars together come nearest to a rate."""
    until = [round(rate * bar_s * bar) for bar in range(bars + 1)]
    return [until[bar + 1] - until[bar] for bar in range(bars)]


def _templates(pattern: Pattern | None, steps: int, bank: EventBank) -> list[dict[int, int]]:
    """The bars of a rhythm: event of each step that has one. A rhythm shorter than a bar is repeated to fill it."""
    if pattern is None:
        return [dict.fromkeys(range(0, steps, steps // 4), -1)]
    bars = max(1, int(pattern.beats + 0.1) // 4)
    loudness = bank.descriptors[:, 0]
    length = max(1, round(pattern.beats * steps / 4))
    made: list[dict[int, int]] = [{} for _ in range(bars)]
    for place, event in zip(pattern.places, pattern.events, strict=True):
        for at in range(round(place * steps / 4), max(steps, length), length):
            bar, step = divmod(at, steps)
            if bar < bars and (step not in made[bar] or loudness[event] > loudness[made[bar][step]]):
                made[bar][step] = event
    return [bar for bar in made if bar] or [{0: pattern.events[0]}]


def _histogram(bank: EventBank, steps: int) -> NDArray[np.float64]:
    """How often recordings have an onset at each step of a bar, `(steps,)`, from 0 to 1."""
    used = np.zeros(steps)
    for pattern in bank.patterns:
        np.add.at(used, [round(place * steps / 4) % steps for place in pattern.places], 1 / len(pattern.places))
    return used / max(1e-9, float(used.max()))


def _order(
    template: dict[int, int],
    ranks: NDArray[np.float64],
    histogram: NDArray[np.float64],
    random: np.random.Generator,
    steps: int,
    *,
    needs_first: bool,
) -> Order:
    """All steps of a bar, the most important first: the template's, then those that recordings use."""
    metre = np.zeros(steps)
    metre[:: steps // STEPS] = _METRE + 1
    score = histogram + 0.25 * metre + 0.6 * random.random(steps)
    for step, event in template.items():
        score[step] += 10 + (2 * ranks[event] if event >= 0 else 0)
    if needs_first:
        score[0] += 20
    return np.argsort(-score, kind="stable").tolist()


def _varied(order: Order, count: int, share: float, random: np.random.Generator) -> tuple[Order, set[int]]:
    """The order of a repeated bar, part of whose events move, and the steps whose event is drawn again."""
    after, varied = list(order), set[int]()
    draws = random.random((len(order), 3))  # the same draws at any count: density must not change what varies
    for place in range(1, count):
        if draws[place, 0] >= share:
            continue
        if draws[place, 1] < _SWAPPED and count < len(order):
            other = count + int(draws[place, 2] * (len(order) - count))
            after[place], after[other] = after[other], after[place]
        varied.add(after[place])
    return after, varied


def _spaced(slots: list[Slot], samples: int, is_loop: bool) -> list[Slot]:
    """The slots inside the output, each with the time to the next one."""
    inside = [slot for slot in slots if slot.at < samples]
    ends = [slot.at for slot in inside[1:]] + [samples + (inside[0].at if is_loop else 0)]
    return [replace(slot, samples=max(1, end - slot.at)) for slot, end in zip(inside, ends, strict=True)]

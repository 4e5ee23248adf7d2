"""Sounds without onsets: long excerpts of the recordings, each crossfaded into the next in latent space.

Two excerpts that are mixed as audio are two sounds; their averaged latents are one that changes. The codes of the
result are the sound itself: nothing is encoded again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.blending.mutation import mutate
from daemon.codec.codec import Codes
from daemon.generation.event_bank import COLUMNS, EventBank
from daemon.generation.event_rendering import AIR_LEVEL
from daemon.generation.event_settings import EventSettings
from daemon.generation.material import Material
from daemon.generation.output import INVENTED

CROSSFADE_S = 1.0
"""Crossfade at newness 0. At newness 1 it is as long as the shorter excerpt allows."""
_NEAREST = 0.34  # share of the excerpts that are drawn from, if a rank is wanted
_MUTATED = 0.3


@dataclass(frozen=True, kw_only=True)
class Woven:
    """A drone as codes, with the source of every frame."""

    codes: Codes
    gains_db: NDArray[np.float32]
    takes: NDArray[np.int64]
    samples: NDArray[np.int64]


def weave(material: Material, bank: EventBank, frames: int, seed: int, settings: EventSettings) -> Woven:
    """Make a drone of `frames` frames from the excerpts of a bank."""
    random = np.random.default_rng([seed, 0xD0E])
    usable = _usable(bank, settings)
    fade = CROSSFADE_S * material.codec.frame_rate * (1 + settings.newness)
    sums, weights = np.zeros((frames, material.codec.config.latent)), np.zeros(frames)
    gains, loudest = np.zeros(frames), np.zeros(frames)
    source = np.full(frames, -1, np.int64)
    at, last = 0, -1
    end = frames + (round(fade) if settings.is_loop else 0)
    while at < frames:
        last = _drawn(_of_one(bank, usable, settings, random), last, random)
        excerpt = bank.drones[last]
        length = excerpt.frames
        reach = max(1, min(round(fade), length // 2))
        if at + length - reach >= frames:  # the last one ends where the sound ends
            length = max(1, min(length, end - at))
            reach = max(1, min(reach, length // 2))
        shape = _shape(length, reach, is_first=at == 0 and not settings.is_loop)
        places = np.arange(at, at + length)
        kept = places < frames if not settings.is_loop else np.ones(length, bool)
        into, shape = places[kept] % frames, shape[kept]
        latents = material.latents[excerpt.first : excerpt.first + length][kept]
        np.add.at(sums, into, shape[:, None] * latents)
        np.add.at(weights, into, shape)
        np.add.at(gains, into, shape * material.takes[excerpt.take].gain_db)
        is_louder = shape > loudest[into]
        source[into[is_louder]] = (excerpt.first + np.arange(length)[kept])[is_louder]
        loudest[into] = np.maximum(loudest[into], shape)
        at += max(1, length - reach)
    return _woven(material, sums, weights, gains, source, seed, settings)


def _woven(
    material: Material,
    sums: NDArray[np.float64],
    weights: NDArray[np.float64],
    gains: NDArray[np.float64],
    source: NDArray[np.int64],
    seed: int,
    settings: EventSettings,
) -> Woven:
    codec = material.codec
    mixed = (sums / np.maximum(weights, 1e-9)[:, None]).astype(np.float32)
    codes = codec.quantize_levels(mixed, range(codec.config.levels))
    alone = np.abs(mixed - material.latents[source]).max(1) < 1e-4
    codes[:, alone] = material.codes[:, source[alone]]
    if settings.newness > 0 and codec.config.levels > AIR_LEVEL:
        strength = (_MUTATED * settings.newness) ** 2
        codes[AIR_LEVEL:] = mutate(codec, codes[AIR_LEVEL:], top=AIR_LEVEL, strength=strength, seed=seed)
        alone &= (codes == material.codes[:, source]).all(0)
    takes = np.where(alone, material.take_of[source], INVENTED)
    firsts = np.array([take.first for take in material.takes])
    starts = np.array([take.start for take in material.takes])
    own = material.take_of[source]
    samples = np.where(alone, starts[own] + (source - firsts[own]) * codec.config.hop_length, 0)
    gains_db = (gains / np.maximum(weights, 1e-9)).astype(np.float32)
    return Woven(codes=codes, gains_db=gains_db, takes=takes, samples=samples)


def _usable(bank: EventBank, settings: EventSettings) -> NDArray[np.int64]:
    """The excerpts to draw from: all, or those nearest to the wanted ranks."""
    every = np.arange(len(bank.drones))
    if not settings.wanted:
        return every
    ranks = bank.ranks(bank.drone_descriptors)
    cost = sum(np.square(ranks[:, COLUMNS.index(name)] - wanted) for name, wanted in settings.wanted.items()) * np.ones(
        len(every)
    )
    return every[np.argsort(cost, kind="stable")][: max(2, round(_NEAREST * len(every)))]


def _of_one(
    bank: EventBank, usable: NDArray[np.int64], settings: EventSettings, random: np.random.Generator
) -> NDArray[np.int64]:
    """The excerpts of the model whose turn it is, where two models' material is joined."""
    if settings.origins is None:
        return usable
    takes = np.array([bank.drones[index].take for index in usable])
    return usable[settings.origins.drawn(takes, random)]


def _drawn(usable: NDArray[np.int64], last: int, random: np.random.Generator) -> int:
    """An excerpt by chance, another than the last where there is one."""
    others = usable[usable != last]
    return int(random.choice(others if len(others) else usable))


def _shape(length: int, reach: int, *, is_first: bool) -> NDArray[np.float64]:
    """Weight of each frame of an excerpt: it rises and falls over `reach` frames."""
    shape = np.ones(length)
    ramp = (np.arange(reach) + 0.5) / reach
    if not is_first:
        shape[:reach] = ramp
    shape[length - reach :] = np.minimum(shape[length - reach :], ramp[::-1])
    return shape

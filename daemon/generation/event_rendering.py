"""Render one event: its body stretched and renewed in latent space, quantised again, and decoded alone.

The frames of the attack stay as recorded, because an attack that is stretched or mixed with another is no attack. The
body is moved towards a near neighbour, the fine levels (air) are taken from another event, and deep codes are exchanged
for near ones. Latents are only ever averaged: their sum would be another, much louder sound.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.blending.mutation import mutate
from daemon.codec.codec import Codes
from daemon.dsp.audio import Audio
from daemon.generation.event_bank import EventBank
from daemon.generation.event_gathering import lead
from daemon.generation.material import Material

HEAD = 3
"""Frames kept: the silence before an event and the two of its attack."""
TAIL = 2
"""Frames of silence after an event."""
MOST_STRETCH = 8.0
AIR_LEVEL = 4
"""First level of the air: coarser ones hold what an event is."""
_MORPH, _MUTATED = 0.7, 0.3  # at newness 1
_CACHED = 128

Latents = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How an event is rendered; equal recipes sound equal."""

    event: int
    frames: int
    """Frames of the body."""
    partner: int
    """Neighbour that the body is moved towards."""
    air: int
    """Event that gives the fine levels, or -1."""
    newness: float
    seed: int


@dataclass(frozen=True)
class Rendered:
    """An event that was rendered and decoded."""

    audio: Audio
    lead: int
    """Sample of its onset."""
    is_verbatim: bool
    """Whether it is as recorded."""


class Renderer:
    """Renders the events of one bank."""

    def __init__(self, material: Material, bank: EventBank) -> None:
        self._material, self._bank = material, bank
        self._lead = lead(material.codec)
        self.render = functools.lru_cache(maxsize=_CACHED)(self._render)

    def body_frames(self, event: int) -> int:
        """Frames of an event's body as recorded."""
        return max(1, self._bank.events[event].frames - HEAD - TAIL)

    def recipe(self, event: int, stretch: float, newness: float, random: np.random.Generator) -> Recipe:
        """Decide by chance what an event is mixed with."""
        near = self._others(event)
        partner, air = (int(near[int(draw * len(near))]) if len(near) else event for draw in random.random(2))
        has_air, seed = random.random() < newness, int(random.integers(1 << 31))
        frames = round(self.body_frames(event) * stretch)
        if newness <= 0:
            return Recipe(event, frames, event, -1, 0.0, 0)
        return Recipe(event, frames, partner, air if has_air else -1, newness, seed)

    def _others(self, event: int) -> NDArray[np.int64]:
        """The neighbours of an event, without those of its own take where others are left."""
        near = self._bank.neighbours[event]
        take = self._bank.events[event].take
        others = np.array([one for one in near if self._bank.events[one].take != take], np.int64)
        return others if len(others) else near

    def _render(self, recipe: Recipe) -> Rendered:
        event = self._bank.events[recipe.event]
        codes = self._bank.codes_of(recipe.event)
        is_verbatim = recipe.newness <= 0 and recipe.frames == self.body_frames(recipe.event)
        if not is_verbatim and codes.shape[1] > HEAD + TAIL:
            codes = np.concatenate([codes[:, :HEAD], self._body(recipe), codes[:, -TAIL:]], 1)
        audio = self._material.codec.decode(codes, gain_db=event.gain_db)
        return Rendered(audio, self._lead, is_verbatim)

    def _body(self, recipe: Recipe) -> Codes:
        """Codes of the body, `(Q, recipe.frames)`."""
        codec = self._material.codec
        latents = self._stretched(recipe.event, recipe.frames)
        if recipe.newness > 0 and recipe.partner != recipe.event:
            share = np.float32(_MORPH * recipe.newness)
            latents += share * (self._stretched(recipe.partner, recipe.frames) - latents)
        codes = codec.quantize(latents)
        if recipe.newness <= 0 or codec.config.levels <= AIR_LEVEL:
            return codes
        if recipe.air >= 0:
            places = np.rint(self._places(recipe.air, recipe.frames)).astype(np.int64)
            codes[AIR_LEVEL:] = self._bank.codes_of(recipe.air)[AIR_LEVEL:, HEAD + places]
        strength = (_MUTATED * recipe.newness) ** 2  # `mutate` changes the root of it
        codes[AIR_LEVEL:] = mutate(codec, codes[AIR_LEVEL:], top=AIR_LEVEL, strength=strength, seed=recipe.seed)
        return codes

    def _stretched(self, event: int, frames: int) -> Latents:
        """Latents of an event's body at another length, `(frames, D)`."""
        one = self._bank.events[event]
        latents = self._material.codec.dequantize(
            self._bank.codes[:, one.first + HEAD : max(one.first + HEAD + 1, one.stop - TAIL)]
        )
        places = self._places(event, frames)
        lower = np.floor(places).astype(np.int64)
        share = (places - lower).astype(np.float32)[:, None]
        upper = np.minimum(lower + 1, len(latents) - 1)
        between = latents[lower] + share * (latents[upper] - latents[lower])
        return between.astype(np.float32)

    def _places(self, event: int, frames: int) -> NDArray[np.float64]:
        """Place in an event's body of each of `frames` frames."""
        have = self.body_frames(event)
        return np.linspace(0, have - 1, frames) if frames > 1 else np.zeros(frames)

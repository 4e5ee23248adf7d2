"""What a user asks of the events engine, and the checks of it."""

import math

import msgspec

from daemon.generation.errors import GenerationError
from daemon.generation.origins import Origins
from protocol.units import SAMPLE_RATE_HZ

SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
MOST_S = 1800.0
"""Longest sound in seconds, 30 minutes."""
_SHARES = ("density", "repeat", "full", "newness", "brightness", "roughness", "attack")


class EventSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the engine plans and renders. Shares are from 0 to 1; None leaves a property to the recordings."""

    tempo: float | None = None
    """Beats a minute."""
    density: float | None = None
    """Onsets a second, from the sparsest recordings (0) to the densest (1)."""
    repeat: float = 0.8
    """How much of a bar returns in the next: 1 is a strict loop."""
    full: float = 0.7
    """From dry events with gaps between them (0) to bodies stretched until they fill the gaps (1)."""
    newness: float = 0.5
    """From events as recorded (0) to events mixed from several (1)."""
    brightness: float | None = None
    """Wanted rank among the recordings' events, as are the next two."""
    roughness: float | None = None
    attack: float | None = None
    origins: Origins | None = None
    """Of joined material: whose recordings are taken how often; None for the material of one model."""
    is_loop: bool = False
    """Whether the end leads to the start: what rings over the end rings into the start."""

    def check(self, samples: int, seed: int) -> None:
        """Check the settings and the length.

        Raises:
            GenerationError: a value is no number or out of range, or two contradict each other.
        """
        if not 1 <= samples <= MOST_S * SAMPLE_RATE_HZ:
            seconds = f"{samples / SAMPLE_RATE_HZ:g} s"
            raise GenerationError(f"A sound of {seconds} cannot be made.", f"Ask for up to {MOST_S / 60:.0f} minutes.")
        if seed < 0:
            raise GenerationError(f"The seed {seed} is below 0.", "Give 0 or more.")
        for name in _SHARES:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
                raise GenerationError(f"{name.capitalize()} is {value:g}.", "Give a number from 0 to 1.")
        if self.tempo is None:
            return
        if not (math.isfinite(self.tempo) and SLOWEST_BPM <= self.tempo <= FASTEST_BPM):
            limits = f"Give {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f} beats a minute."
            raise GenerationError(f"The tempo is {self.tempo:g}.", limits)
        beats = samples / SAMPLE_RATE_HZ * self.tempo / 60
        if self.is_loop and beats < 1:
            raise GenerationError(
                f"A loop of {samples / SAMPLE_RATE_HZ:.3g} s holds no whole beat at {self.tempo:g} bpm.",
                "Make it longer or the tempo faster.",
            )

    @property
    def wanted(self) -> dict[str, float]:
        """The wanted ranks that are set, by descriptor."""
        named = {name: getattr(self, name) for name in ("brightness", "roughness", "attack")}
        return {name: value for name, value in named.items() if value is not None}

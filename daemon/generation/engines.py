"""Engines behind one interface: choose one, translate the knobs to its settings, make sounds, keep the best.

Data flow: `Wanted` → an engine makes grids or sounds → the level is matched to the recordings → of several candidates,
the one nearest to the knobs is kept → `Output`. What can go wrong is reported before any work: a knob that an engine
does not have, a prior that is missing, a gap outside the strand.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.dsp.audio import Audio
from daemon.generation.beginnings import Beginnings
from daemon.generation.collage import Walk, joined, run_for
from daemon.generation.errors import GenerationError
from daemon.generation.event_bank import EventBank
from daemon.generation.event_settings import EventSettings
from daemon.generation.events import LEAST_EVENTS, Events
from daemon.generation.filling import warmed
from daemon.generation.knobs import CANDIDATES, conditions_of, distances, nearest
from daemon.generation.material import Material
from daemon.generation.neural import Neural, Settings
from daemon.generation.output import INVENTED, Output, decode_loop, finished, gain_to
from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling

BEATS_A_BAR = 4
SHORTEST_MATERIAL_S = 30.0
"""Material below which `auto` quotes the recordings: a prior of so little makes noise."""
DEFAULT_CREATIVITY = DEFAULT_FOCUS = DEFAULT_DIVERSITY = 0.5
_FOREIGN = {
    "collage": ("focus", "diversity", "density", "tempo"),
    "neural": ("density",),
    "events": ("focus", "diversity"),
}
"""Knobs that an engine does not have."""
_RANKED_EVENTS = ("brightness", "roughness", "attack")
_BOLDNESS = 4.0
_REPEAT, _REPEAT_FRAMES = 0.6, 32

GoOn = Callable[[float], bool]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to make. Names are those of `protocol.generation.GenerationOptions`; None for the default."""

    samples: int
    engine: str = "auto"
    creativity: float | None = None
    focus: float | None = None
    diversity: float | None = None
    density: float | None = None
    tempo: float | None = None
    ranks: dict[str, float] = {}
    loop: bool = False


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A strand to continue, to vary or to fill."""

    mode: str
    """continue, vary or infill."""
    codes: NDArray[np.uint16]
    gains_db: NDArray[np.float32]
    samples: int
    amount: float = 0.3
    """Share of the frames to draw again, for vary."""
    frames: tuple[int, int] | None = None
    """Frames to fill, half-open, for infill."""


class Engines:
    """The engines of one model."""

    def __init__(
        self, material: Material, prior: Prior | None, temperature: float = 1.0, events: EventBank | None = None
    ) -> None:
        """`prior` and `events`: None for a model without. `temperature`: the calibrated one, from the prior's card."""
        self._bank = events
        self._events = None if events is None else Events(material, events)
        self.material, self._temperature = material, temperature
        self._neural = None if prior is None else Neural(prior, material)
        self._walk, self._beginnings = Walk(material), Beginnings(material)

    def choose(self, wanted: Wanted, given: Given | None) -> str:
        """Name of the engine for a request.

        Raises:
            GenerationError: the engine cannot do what is wanted.
        """
        chosen = self._fitting(wanted, given) if wanted.engine == "auto" else wanted.engine
        if given is not None and chosen != "neural":
            raise GenerationError(f"The {chosen} engine cannot {given.mode} a strand.", "Leave out --engine.")
        if chosen == "neural" and self._neural is None:
            hint = "Train one with allele train CORPUS --name MODEL --resume, or use --engine collage."
            raise GenerationError("This model has no prior.", hint)
        if chosen == "events" and self._events is None:
            raise GenerationError("The events of this model are not known.", "Leave out --engine.")
        if given is not None and given.mode != "continue" and wanted.ranks:
            named = ", ".join(f"--{name}" for name in wanted.ranks)
            raise GenerationError(f"{named}: what is drawn again follows the strand around it.", f"Leave out {named}.")
        for knob in _FOREIGN[chosen]:
            if getattr(wanted, knob) is not None:
                raise GenerationError(f"The {chosen} engine has no {knob}.", f"Leave out --{knob}, or choose another.")
        return chosen

    def _fitting(self, wanted: Wanted, given: Given | None) -> str:
        """The engine that suits a request and the material."""
        if given is not None or wanted.focus is not None or wanted.diversity is not None:
            return "neural"
        has_rhythm = self._bank is not None and len(self._bank.events) >= LEAST_EVENTS
        is_rhythm_wanted = wanted.density is not None or wanted.tempo is not None
        if self._bank is not None and (has_rhythm or self._bank.drones):
            is_enough = self.material.seconds >= SHORTEST_MATERIAL_S or (has_rhythm and self.material.is_hits)
            return "events" if is_rhythm_wanted or is_enough else "collage"
        return "collage"

    def make(
        self, wanted: Wanted, seeds: Sequence[int], given: Given | None = None, *, go_on: GoOn = lambda _: True
    ) -> list[Output]:
        """Make a sound for each seed; fewer if `go_on`, called with the share done, stops it.

        Raises:
            GenerationError: the request cannot be met.
        """
        engine = self.choose(wanted, given)
        if given is not None:
            return self._edited(wanted, seeds, given, go_on)
        each = CANDIDATES if wanted.ranks else 1
        outputs: list[Output] = []
        for count, seed in enumerate(seeds):
            tried = [seed] + [seed + (1 << 32) * (index + 1) for index in range(each - 1)]
            made = self._tried(engine, wanted, tried, lambda share: go_on((count + share) / len(seeds)))  # noqa: B023
            if not made:
                break
            sounds = [output.audio for output in made]
            outputs.append(made[nearest(sounds, self.material, wanted.ranks) if len(made) > 1 else 0])
            if not go_on((count + 1) / len(seeds)):
                break
        return outputs

    def _tried(self, engine: str, wanted: Wanted, seeds: list[int], go_on: GoOn) -> list[Output]:
        frames = -(-wanted.samples // self.material.codec.config.hop_length)
        if engine == "collage":
            return [self._quoted(frames, wanted, seed) for seed in seeds]
        if engine == "events":
            return self._placed(wanted, seeds, go_on)
        assert self._neural is not None
        far = distances(self.material.ranks, wanted.ranks) if wanted.ranks else None
        begun = self._beginnings.drawn(seeds[0], far)
        settings = self._settings(wanted, begun.period)
        grids = self._neural.new(frames, seeds, settings, before=begun.codes, is_loop=wanted.loop, go_on=go_on)
        if not grids or grids[0].shape[1] < frames:
            return []
        return [self._finished(grid, wanted, "neural", quoted=self.material.places_of(grid)) for grid in grids]

    def _placed(self, wanted: Wanted, seeds: list[int], go_on: GoOn) -> list[Output]:
        """Sounds of the events engine; none if they were stopped."""
        assert self._events is not None
        shares = {name: (value + 1) / 2 for name, value in wanted.ranks.items() if name in _RANKED_EVENTS}
        settings = EventSettings(
            tempo=wanted.tempo,
            density=wanted.density,
            newness=DEFAULT_CREATIVITY if wanted.creativity is None else wanted.creativity,
            is_loop=wanted.loop,
            **shares,
        )
        outputs: list[Output] = []
        for count, seed in enumerate(seeds):
            part = lambda share: go_on((count + share) / len(seeds))  # noqa: B023, E731
            output = self._events.new(wanted.samples, seed, settings, go_on=part)
            if output is None:
                return []
            outputs.append(output)
        return outputs

    def _settings(self, wanted: Wanted, period: int = 0) -> Settings:
        """Knobs in plain words as numbers of the sampler. `period`: frames of a repetition if no tempo is wanted."""
        creativity = DEFAULT_CREATIVITY if wanted.creativity is None else wanted.creativity
        diversity = DEFAULT_DIVERSITY if wanted.diversity is None else wanted.diversity
        if wanted.tempo is not None:
            period = round(BEATS_A_BAR * 60 / wanted.tempo * self.material.codec.frame_rate)
        sampling = Sampling(
            temperature=warmed(self._temperature, creativity),
            boldness=_BOLDNESS * (diversity - 0.5),
            period=period,
            repeat=_REPEAT if period else 0.0,
            repeat_frames=_REPEAT_FRAMES,
        )
        focus = DEFAULT_FOCUS if wanted.focus is None else wanted.focus
        return Settings(sampling=sampling, focus=focus, conditions=conditions_of(wanted.ranks))

    def _start(self, wanted: Wanted, random: np.random.Generator) -> int:
        """A frame of the material near the knobs, by chance among the nearest twentieth."""
        far = distances(self.material.ranks, wanted.ranks)
        near = np.argsort(far, kind="stable")[: max(1, len(far) // 20)]
        return int(random.choice(near))

    def _quoted(self, frames: int, wanted: Wanted, seed: int) -> Output:
        random = np.random.default_rng([seed, 0xC0])
        creativity = DEFAULT_CREATIVITY if wanted.creativity is None else wanted.creativity
        start = self._start(wanted, random) if wanted.ranks else None
        far = distances(self.material.ranks, wanted.ranks) if wanted.ranks else None
        indices = self._walk.indices(frames, random, run_for(creativity), start=start, far=far)
        codes, takes = joined(self.material, indices)
        gains = np.array([take.gain_db for take in self.material.takes], np.float32)[self.material.take_of[indices]]
        return self._finished(codes, wanted, "collage", gains=gains, quoted=np.where(takes == INVENTED, -1, indices))

    def _finished(
        self,
        codes: Codes,
        wanted: Wanted,
        engine: str,
        *,
        quoted: NDArray[np.int64],
        gains: NDArray[np.float32] | None = None,
    ) -> Output:
        """Decode a grid at the loudness of the recordings. `quoted`: the material's frame of each, or -1."""
        frames = codes.shape[1]
        takes, samples = self.material.sources_of(quoted)
        gains = np.zeros(frames, np.float32) if gains is None else gains
        sound = self._decoded(codes, gains, wanted.loop)[..., : wanted.samples]
        gain = gain_to(sound, self.material.lufs)
        return Output(
            codes=codes,
            gains_db=gains + np.float32(gain),
            takes=takes,
            samples=samples,
            audio=finished(sound * np.float32(10 ** (gain / 20)), wanted.samples, is_loop=wanted.loop),
            engine=engine,
        )

    def _decoded(self, codes: Codes, gains: NDArray[np.float32], is_loop: bool) -> Audio:
        codec = self.material.codec
        return decode_loop(codec, codes, gains) if is_loop else codec.decode(codes, gain_db=gains)

    def _edited(self, wanted: Wanted, seeds: Sequence[int], given: Given, go_on: GoOn) -> list[Output]:
        """Continue, vary or fill a strand, once for each seed."""
        assert self._neural is not None
        settings = self._settings(wanted)
        if given.mode == "continue":
            frames = -(-wanted.samples // self.material.codec.config.hop_length)
            grids = self._neural.new(frames, seeds, settings, before=given.codes, go_on=go_on)
            level = np.float32(np.median(given.gains_db[-96:]) if given.gains_db.size else 0.0)
            return [
                self._like(grid, np.full(frames, level), wanted.samples, fades=True)
                for grid in grids
                if grid.shape[1] == frames
            ]
        outputs: list[Output] = []
        for count, seed in enumerate(seeds):
            if not go_on(count / len(seeds)):
                break
            if given.mode == "vary":
                codes = self._neural.vary(given.codes, given.amount, seed, settings)
            else:
                assert given.frames is not None
                codes = self._neural.infill(given.codes, *given.frames, seed, settings)
            outputs.append(self._like(codes, given.gains_db, given.samples, fades=False, before=given.codes))
        return outputs

    def _like(
        self,
        codes: Codes,
        gains: NDArray[np.float32],
        samples: int,
        *,
        fades: bool,
        before: Codes | None = None,
    ) -> Output:
        """A grid decoded at given levels. Frames that are as `before` keep their source."""
        gains = gains.astype(np.float32)
        sound = self.material.codec.decode(codes, gain_db=gains)
        is_kept = np.zeros(codes.shape[1], bool) if before is None else (codes == before).all(0)
        return Output(
            codes=codes,
            gains_db=gains,
            takes=np.full(codes.shape[1], INVENTED),
            samples=np.zeros(codes.shape[1], np.int64),
            audio=finished(sound, samples, is_loop=not fades),
            engine="neural",
            kept=is_kept,
        )

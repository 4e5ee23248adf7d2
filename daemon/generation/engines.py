"""Engines behind one interface: choose one, translate the knobs to its settings, make sounds, keep the best.

Data flow: `Wanted` → an engine makes grids or sounds → the level is matched to the recordings → of several candidates,
the one nearest to the knobs is kept → `Output`. What can go wrong is reported before any work: a knob that an engine
does not have, a prior that is missing, a gap outside the strand.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.atlas.directions import leanings
from daemon.atlas.table import Atlas
from daemon.codec.codec import Codes
from daemon.dsp.audio import Audio
from daemon.generation.beginnings import Beginnings
from daemon.generation.choosing import Means, choose
from daemon.generation.collage import Walk, joined, run_for
from daemon.generation.event_bank import EventBank
from daemon.generation.event_grid import USUAL_BPM
from daemon.generation.event_settings import EventSettings
from daemon.generation.events import Events
from daemon.generation.filling import warmed
from daemon.generation.knobs import CANDIDATES, conditions_of, distances, nearest, parts_of
from daemon.generation.material import Material
from daemon.generation.neural import Neural, Settings
from daemon.generation.output import INVENTED, Output, decode_loop, finished, gain_to
from daemon.generation.pairing import Pair
from daemon.generation.wanted import Given, Wanted
from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling

BEATS_A_BAR = 4
DEFAULT_CREATIVITY = DEFAULT_FOCUS = DEFAULT_DIVERSITY = 0.5
_RANKED_EVENTS = ("brightness", "roughness", "attack")
_BOLDNESS = 4.0
GUIDANCE = 1.0
"""How far the conditions of a knob are exaggerated; 1 is not at all, since more was measured worse (docs/adr/0105)."""
LEANING_NATS = {"roughness": 1.0}
"""Nats by which a code is likelier that leads a standard deviation where a knob wants, by descriptor. Roughness hardly
follows the conditions; brightness and attack do, and take more with them if codes lean (docs/adr/0105)."""
_REPEAT, _REPEAT_FRAMES = 0.6, 32

GoOn = Callable[[float], bool]


class Engines:
    """The engines of one model."""

    def __init__(
        self,
        material: Material,
        prior: Prior | None,
        temperature: float = 1.0,
        events: EventBank | None = None,
        pair: Pair | None = None,
        atlas: Atlas | None = None,
    ) -> None:
        """Material and events are those of both models where `pair` says that they are joined.

        Args:
            prior, events: None for a model without. temperature: the calibrated one, from the prior's card.
            pair: the second model; None for none.
            atlas: what each code does to the sound; None if it is not measured.
        """
        self._atlas = atlas
        self.material, self._temperature, self.pair = material, temperature, pair
        self._origins = None if pair is None else pair.origins
        self._events = None if events is None else Events(material, events)
        self._neural = None if prior is None else Neural(prior, material, None if pair is None else pair.blend)
        self._walk, self._beginnings = Walk(material), Beginnings(material)
        self._means = Means(
            seconds=material.seconds,
            is_hits=material.is_hits,
            has_prior=prior is not None,
            bank=events,
            pair=pair,
        )

    def choose(self, wanted: Wanted, given: Given | None) -> str:
        """Name of the engine for a request.

        Raises:
            GenerationError: the engine cannot do what is wanted.
        """
        return choose(self._means, wanted, given)

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
        outputs: list[Output] = []
        for count, seed in enumerate(seeds):
            made = self.candidates(engine, wanted, seed, lambda share: go_on((count + share) / len(seeds)))  # noqa: B023
            if not made:
                break
            sounds = [output.audio for output in made]
            outputs.append(self._noted(made[nearest(sounds, self.material, wanted.ranks) if len(made) > 1 else 0]))
            if not go_on((count + 1) / len(seeds)):
                break
        return outputs

    def candidates(self, engine: str, wanted: Wanted, seed: int, go_on: GoOn = lambda _: True) -> list[Output]:
        """The sounds of which one is kept: several if a knob is set. None if `go_on` stops it."""
        each = CANDIDATES if wanted.ranks else 1
        seeds = [seed] + [seed + (1 << 32) * (index + 1) for index in range(each - 1)]
        return self._tried(engine, wanted, seeds, go_on)

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
        usual = EventSettings()
        settings = EventSettings(
            tempo=wanted.tempo,
            repeat=usual.repeat if wanted.repeat is None else wanted.repeat,
            full=usual.full if wanted.fullness is None else wanted.fullness,
            density=wanted.density,
            newness=DEFAULT_CREATIVITY if wanted.creativity is None else wanted.creativity,
            origins=self._origins,
            is_loop=wanted.loop,
            brightness=shares.get("brightness"),
            roughness=shares.get("roughness"),
            attack=shares.get("attack"),
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
        if wanted.tempo is not None or (wanted.repeat is not None and not period):
            period = round(BEATS_A_BAR * 60 / (wanted.tempo or USUAL_BPM) * self.material.codec.frame_rate)
        sampling = Sampling(
            temperature=warmed(self._temperature, creativity),
            boldness=_BOLDNESS * (diversity - 0.5),
            period=period,
            repeat=(_REPEAT if wanted.repeat is None else wanted.repeat) if period else 0.0,
            repeat_frames=_REPEAT_FRAMES,
        )
        focus = DEFAULT_FOCUS if wanted.focus is None else wanted.focus
        return Settings(sampling=self._steered(sampling, wanted), focus=focus, conditions=conditions_of(wanted.ranks))

    def _steered(self, sampling: Sampling, wanted: Wanted) -> Sampling:
        """The same with what knobs need: conditions exaggerated, and codes preferred that lead where is wanted."""
        if not wanted.ranks:
            return sampling
        parts = {name: value * LEANING_NATS.get(name, 0.0) for name, value in parts_of(wanted.ranks).items()}
        bias = leanings(self._atlas, parts) if self._atlas is not None and any(parts.values()) else None
        return msgspec.structs.replace(sampling, guidance=GUIDANCE, bias=bias)

    def _start(self, wanted: Wanted, random: np.random.Generator) -> int:
        """A frame of the material near the knobs, by chance among the nearest twentieth."""
        far = distances(self.material.ranks, wanted.ranks)
        if self._origins is not None:
            far[~self._origins.drawn(self.material.take_of, random)] = np.inf
        near = np.argsort(far, kind="stable")[: max(1, int(np.isfinite(far).sum()) // 20)]
        return int(random.choice(near))

    def _noted(self, output: Output) -> Output:
        """The same with what there is to say about a second model."""
        output.notes.extend([] if self.pair is None else self.pair.notes)
        return output

    def _quoted(self, frames: int, wanted: Wanted, seed: int) -> Output:
        random = np.random.default_rng([seed, 0xC0])
        creativity = DEFAULT_CREATIVITY if wanted.creativity is None else wanted.creativity
        start = self._start(wanted, random) if wanted.ranks else None
        far = distances(self.material.ranks, wanted.ranks) if wanted.ranks else None
        indices = self._walk.indices(frames, random, run_for(creativity), start=start, far=far, origins=self._origins)
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
                self._noted(self._like(grid, np.full(frames, level), wanted.samples, fades=True))
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
            made = self._like(codes, given.gains_db, given.samples, fades=False, before=given.codes)
            outputs.append(self._noted(made))
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

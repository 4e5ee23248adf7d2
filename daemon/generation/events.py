"""The events engine: the recordings' own events on a grid of time, renewed, and mixed to the sample.

Data flow: a plan (`event_grid`) says when something begins, `event_choice` what, `event_rendering` decodes each event
alone, and `event_mixing` adds it at its sample. Joins in codes were measured worse: events at a frame's precision, and
onsets that are none. The mix is encoded again, so that it can be edited; the output says how far that is from the
mix. Where recordings have no onsets, their excerpts are woven into a drone (`drones`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.codec.signals import FADE_IN_SAMPLES, fade_in
from daemon.dsp.audio import Audio
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from daemon.dsp.mel import LOG_FLOOR, magnitudes, mel_bands
from daemon.generation.drones import weave
from daemon.generation.errors import GenerationError
from daemon.generation.event_bank import EventBank
from daemon.generation.event_choice import DRY, Choice, Chooser
from daemon.generation.event_grid import Plan, Slot, make_plan
from daemon.generation.event_mixing import Mix, ringing
from daemon.generation.event_rendering import MOST_STRETCH, Rendered, Renderer
from daemon.generation.event_settings import EventSettings
from daemon.generation.material import Material
from daemon.generation.output import INVENTED, Output, decode_loop, finished, gain_to
from protocol.units import SAMPLE_RATE_HZ

ENGINE = "events"
LEAST_EVENTS = 3
"""Events below which a material has too few to make anything but repetitions of them."""
_RING = 1.5  # slots that an event rings for
_OVERLAP = 1.3
"""Slots that a stretched event fills, so that it fades under the next one and not before it."""
_BED_DB, _BED_FULL_DB = -4.0, 12.0  # loudness of a bed under its events at fullness 1, and its fall to fullness 0
_BED_CHANCE = 1.5  # of outputs with a bed, over the share of the recordings that is sustained
_RELEASE, _RELEASE_LONG, _RELEASE_MOST = 0.3, 0.12, 0.9
"""Share of an event that fades at fullness 1, what each time it is stretched beyond twice adds, and the most of it.

A body that stops hard sounds gated, and one that is stretched eight times and does not fade sounds frozen."""
_MOST_LEVEL_DB = 12.0
COMPARED_S = 60.0
"""Seconds from the start in which the strand is compared with the mix."""

GoOn = Callable[[float], bool]


@dataclass(frozen=True)
class _Placed:
    """An event in the mix."""

    at: int
    lead: int
    audio: Audio
    event: int
    is_verbatim: bool


class Events:
    """The engine of one material."""

    def __init__(self, material: Material, events: EventBank) -> None:
        self.material, self._bank = material, events
        self._renderer = Renderer(material, events)

    def new(self, samples: int, seed: int, settings: EventSettings, *, go_on: GoOn = lambda _: True) -> Output | None:
        """Make a sound of exactly `samples` samples from nothing; None if `go_on`, given the share done, stops it.

        Raises:
            GenerationError: the settings are out of range, or the material has neither onsets nor drones.
        """
        settings.check(samples, seed)
        if len(self._bank.events) >= LEAST_EVENTS:
            return self._mixed(samples, seed, settings, go_on)
        if not self._bank.drones:
            raise GenerationError(
                f"The recordings hold {len(self._bank.events)} onsets, too few to make a rhythm of.",
                "Train on more recordings, or use the collage engine.",
            )
        return self._drone(samples, seed, settings)

    def _drone(self, samples: int, seed: int, settings: EventSettings) -> Output:
        codec = self.material.codec
        woven = weave(self.material, self._bank, -(-samples // codec.config.hop_length), seed, settings)
        if settings.is_loop:
            sound = decode_loop(codec, woven.codes, woven.gains_db)
        else:
            sound = codec.decode(woven.codes, gain_db=woven.gains_db)
        gain_db = gain_to(sound[..., :samples], self.material.lufs)
        audio = finished(sound * np.float32(10 ** (gain_db / 20)), samples, is_loop=settings.is_loop)
        notes = ["The recordings have hardly any onsets, so long excerpts of them are crossfaded."]
        if settings.density is not None or settings.tempo is not None:
            notes.append("Tempo and density have no effect on sounds without onsets.")
        return Output(
            codes=woven.codes,
            gains_db=woven.gains_db + np.float32(gain_db),
            takes=woven.takes,
            samples=woven.samples,
            audio=audio,
            engine=ENGINE,
            notes=notes,
        )

    def _mixed(self, samples: int, seed: int, settings: EventSettings, go_on: GoOn) -> Output | None:
        plan = make_plan(self._bank, samples, seed, settings)
        chooser = Chooser(self._bank, plan, seed, settings)
        codec = self.material.codec
        mix = Mix(samples, codec.config.channels, is_loop=settings.is_loop)
        loudest = _Loudest(samples, codec.config.hop_length, is_loop=settings.is_loop)
        for count, slot in enumerate(plan.slots):
            placed = self._placed(slot, chooser.choose(slot), seed, settings)
            mix.add(placed.audio, placed.at)
            loudest.hear(placed)
            if not go_on((count + 1) / len(plan.slots)):
                return None
        if (bed := self._bed(samples, seed, settings, integrated_lufs(mix.audio))) is not None:
            mix.add(bed, 0)
            loudest.cover(bed)
        mix.audio *= np.float32(10 ** (gain_to(mix.audio, self.material.lufs) / 20))
        audio = finished(mix.audio, samples, is_loop=settings.is_loop)
        if not settings.is_loop:  # the first event would begin at once, which clicks
            audio[..., :FADE_IN_SAMPLES] *= fade_in()[:samples]
        return self._output(audio, plan, loudest, settings)

    def _bed(self, samples: int, seed: int, settings: EventSettings, lufs: float) -> Audio | None:
        """A drone to lie under events of a loudness, as often as recordings are drones; None without one."""
        sustained = sum(self.material.takes[take].frames for take in {drone.take for drone in self._bank.drones})
        chance = _BED_CHANCE * sustained / self.material.frames
        if settings.full < DRY or lufs <= SILENCE_LUFS or np.random.default_rng([seed, 0xBED]).random() >= chance:
            return None
        audio = self._drone(samples, seed, settings).audio
        level_db = lufs - integrated_lufs(audio) + _BED_DB + _BED_FULL_DB * (settings.full - 1)
        return audio * np.float32(10 ** (level_db / 20))

    def _placed(self, slot: Slot, choice: Choice, seed: int, settings: EventSettings) -> _Placed:
        """The event of a slot, rendered, at its level."""
        event = self._bank.events[choice.event]
        varied = slot.at if slot.is_varied else 0
        random = np.random.default_rng([seed, 0x4E, choice.event, varied])
        filling = _OVERLAP * slot.samples / max(1, event.samples)
        stretch = 1 + settings.full * (float(np.clip(filling, 1.0, MOST_STRETCH)) - 1)
        recipe = self._renderer.recipe(choice.event, stretch, settings.newness, random)
        rendered: Rendered = self._renderer.render(recipe)
        gain = 10 ** (self._level_db(choice) / 20)
        release = settings.full * min(_RELEASE_MOST, _RELEASE + _RELEASE_LONG * max(0.0, stretch - 2))
        audio = ringing(rendered.audio, rendered.lead, round(_RING * slot.samples), gain, release)
        return _Placed(slot.at - rendered.lead, rendered.lead, audio, choice.event, rendered.is_verbatim)

    def _level_db(self, choice: Choice) -> float:
        """Gain of an event: its recording at the usual loudness, and as loud in it as the template's event in its own.

        Without a template, events keep their place in their recording.
        """
        takes, events, loudness = self.material.takes, self._bank.events, self._bank.descriptors[:, 0]
        own = takes[events[choice.event].take].lufs
        level = self.material.lufs - own
        if choice.stands_for >= 0:
            template = takes[events[choice.stands_for].take].lufs
            wanted = float(loudness[choice.stands_for]) - template
            level += wanted - (float(loudness[choice.event]) - own)
        return float(np.clip(level, -_MOST_LEVEL_DB, _MOST_LEVEL_DB))

    def _output(self, audio: Audio, plan: Plan, loudest: "_Loudest", settings: EventSettings) -> Output:
        codes, gains_db = self._encoded(audio, is_loop=settings.is_loop)
        takes, samples = loudest.sources(self.material, self._bank)
        codec = self.material.codec
        compared = min(codes.shape[1], round(COMPARED_S * codec.frame_rate))
        if settings.is_loop and compared == codes.shape[1]:
            decode = decode_loop(codec, codes, gains_db)
        else:
            decode = codec.decode(codes[:, :compared], gain_db=gains_db[:compared])
        apart = mel_apart_db(decode[..., : audio.shape[-1]], audio[..., : decode.shape[-1]])
        notes = [*plan.notes, f"The strand is the mix encoded again: it is {apart:.1f} dB from the WAV file."]
        if settings.density is not None and settings.full > 0.2:
            notes.append("Density counts exactly for dry events; fuller ones blur it.")
        return Output(
            codes=codes,
            gains_db=gains_db,
            takes=takes,
            samples=samples,
            audio=audio,
            engine=ENGINE,
            bpm=plan.bpm,
            notes=notes,
        )

    def _encoded(self, audio: Audio, *, is_loop: bool) -> tuple[Codes, NDArray[np.float32]]:
        """Codes of the mix and the gain of every frame; a loop is encoded between its own end and start."""
        codec = self.material.codec
        hop = codec.config.hop_length
        frames = -(-audio.shape[-1] // hop)
        if not is_loop:
            encoded = codec.encode(audio)
            return encoded.codes, np.full(frames, encoded.gain_db, np.float32)
        margin = codec.config.margin_frames
        around = np.take(audio, np.arange(-margin * hop, (frames + margin) * hop), axis=-1, mode="wrap")
        encoded = codec.encode(around)
        return encoded.codes[:, margin : margin + frames], np.full(frames, encoded.gain_db, np.float32)


class _Loudest:
    """Remembers which event is the loudest in each frame of a mix."""

    def __init__(self, samples: int, hop: int, *, is_loop: bool) -> None:
        frames = -(-samples // hop)
        self._hop, self._samples, self._is_loop = hop, samples, is_loop
        self._power = np.zeros(frames)
        self._event = np.full(frames, -1, np.int64)
        self._offset = np.zeros(frames, np.int64)
        self._is_verbatim = np.zeros(frames, bool)

    def hear(self, placed: _Placed) -> None:
        """Take note of an event in the mix."""
        mono = placed.audio if placed.audio.ndim == 1 else placed.audio.mean(0)
        first = placed.at // self._hop
        padded = np.pad(mono, (placed.at - first * self._hop, self._hop))
        whole = len(padded) // self._hop
        power = np.square(padded[: whole * self._hop]).reshape(whole, self._hop).sum(1)
        frames = first + np.arange(whole)
        inside = np.ones(whole, bool)
        offsets = frames * self._hop - placed.at - placed.lead
        if self._is_loop:
            frames %= len(self._power)
        else:
            inside = (frames >= 0) & (frames < len(self._power))
        for frame, one, offset in zip(frames[inside], power[inside], offsets[inside], strict=True):
            if one > self._power[frame]:
                self._power[frame], self._event[frame] = one, placed.event
                self._offset[frame], self._is_verbatim[frame] = offset, placed.is_verbatim

    def cover(self, bed: Audio) -> None:
        """Take note of a bed: where it is the loudest, no event is."""
        mono = bed if bed.ndim == 1 else bed.mean(0)
        padded = np.pad(mono, (0, len(self._power) * self._hop - len(mono)))
        self._is_verbatim &= np.square(padded).reshape(-1, self._hop).sum(1) <= self._power

    def sources(self, material: Material, bank: EventBank) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take and first sample in its recording of every frame; INVENTED and 0 where an event was renewed."""
        takes = np.full(len(self._event), INVENTED, np.int64)
        samples = np.zeros(len(self._event), np.int64)
        for frame in np.flatnonzero(self._is_verbatim):
            event = bank.events[int(self._event[frame])]
            takes[frame] = event.take
            samples[frame] = max(0, material.takes[event.take].start + event.onset + int(self._offset[frame]))
        return takes, samples


def mel_apart_db(first: Audio, second: Audio) -> float:
    """Mean difference of the mel levels of two sounds in dB, over their first minute."""
    count = round(COMPARED_S * SAMPLE_RATE_HZ)
    levels = []
    for sound in (first, second):
        mono = np.ascontiguousarray((sound if sound.ndim == 1 else sound.mean(0))[:count])
        bands = mel_bands(2048, 40, SAMPLE_RATE_HZ, torch.device("cpu"))
        power = magnitudes(torch.from_numpy(mono)[None], 2048)[0].square() @ bands
        levels.append(10 * (power + LOG_FLOOR).log10())
    floor = max(float(levels[1].max()) - 80, SILENCE_LUFS)
    return float((levels[0].clamp_min(floor) - levels[1].clamp_min(floor)).abs().mean())

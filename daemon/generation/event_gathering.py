"""Cut the takes of a material into events, and measure each of them.

Data flow: a take is decoded, its onsets are found, and each piece from 5 ms before one clear onset to the next is
encoded alone, with silence around it. The codes of a piece then describe nothing but this piece, so that it can be
decoded beside any other. Onsets weaker than `CLEAR_DB`, which breath and beating tones are full of, cut nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.atlas.descriptors import SHORTEST_SAMPLES, describe
from daemon.codec.codec import Codec, Codes
from daemon.dsp.audio import Audio
from daemon.dsp.onsets import HOP_S, NEAREST_S, find_onsets, onset_strength
from daemon.dsp.tempo import tempo_candidates
from daemon.generation.event_bank import COLUMNS, Drone, Event, EventBank, Pattern, kept_or_gathered
from daemon.generation.material import Material, Take
from protocol.units import SAMPLE_RATE_HZ

BEFORE = 240
"""Samples of a piece before its onset, 5 ms: what rises before the steepest point."""
LONGEST_S = 3.0
MOST_EVENTS = 4000
"""Events of a material. From a larger one, onsets are drawn by chance."""
CLEAR_DB = 3.0
"""Least mean rise of the bands at an onset that begins an event; onsets within held sounds are weaker."""
NEIGHBOURS, AXES = 8, 16
_FADE = 960  # samples at the end of a piece, at most a quarter of it: the next event was about to begin there
_DESCRIBED = SAMPLE_RATE_HZ // 2
_BODY_FRAMES = 4
_DRONE_S, _DRONE_RATE = 1.5, 1.0
_EXCERPT_S = 4.0
_LEAST_ONSETS, _LEAST_BEATS, _FITTING = 6, 2.0, 0.6
_NEAR_STEP_S = 0.020

GoOn = Callable[[float], bool]


@dataclass(frozen=True)
class _Heard:
    """What is known of a take before it is cut."""

    mono: Audio
    onsets: NDArray[np.int64]


def lead(codec: Codec) -> int:
    """Sample at which every decoded event has its onset: a frame of silence, then `BEFORE` samples."""
    return codec.config.hop_length + BEFORE


def events_of(model_dir: Path, material: Material, go_on: GoOn = lambda _: True) -> EventBank | None:
    """The stored events of a model, which are gathered and stored if they are missing; None if `go_on` stopped it."""
    gathered = lambda: gather_events(material, go_on=go_on)  # noqa: E731
    return kept_or_gathered(model_dir, material.codec, material.frames, gathered)


def gather_events(material: Material, *, seed: int = 0, go_on: GoOn = lambda _: True) -> EventBank | None:
    """Cut a material into events; None if `go_on`, called with the share done, stops it."""
    events, grids, described = list[Event](), list[Codes](), list[NDArray[np.float32]]()
    patterns, drones, rates = list[Pattern](), list[Drone](), list[float]()
    share = min(1.0, MOST_EVENTS / max(1.0, material.seconds * 6))
    random = np.random.default_rng([seed, 0xE7])
    for index, take in enumerate(material.takes):
        sound = material.sound(take)
        heard = _heard(sound)
        first_event = len(events)
        for place in _chosen(heard, share, random):
            event, grid, measured = _cut(material, index, sound, heard, place, events[-1].stop if events else 0)
            events.append(event)
            grids.append(grid)
            described.append(measured)
        seconds = take.samples / SAMPLE_RATE_HZ
        if len(heard.onsets) >= 2 and seconds >= 1:
            rates.append(len(heard.onsets) / seconds)
        if seconds >= _DRONE_S and len(heard.onsets) < _DRONE_RATE * seconds:
            drones += _excerpts(index, take, material.codec.frame_rate)
        if (pattern := _pattern(index, heard, events, first_event)) is not None:
            patterns.append(pattern)
        if not go_on((index + 1) / len(material.takes)):
            return None
    levels = material.codec.config.levels
    codes = np.concatenate(grids, 1) if grids else np.zeros((levels, 0), np.uint16)
    return EventBank(
        codec_id=material.codec.codec_id,
        material_frames=material.frames,
        events=events,
        codes=codes,
        descriptors=np.array(described, np.float32).reshape(len(events), len(COLUMNS)),
        neighbours=_neighbours(material.codec, events, codes),
        patterns=patterns,
        drones=drones,
        drone_descriptors=_described_drones(material, drones),
        rates=sorted(rates),
    )


def _heard(sound: Audio) -> _Heard:
    """A take's channels mixed, and the samples of its clear onsets."""
    mono = sound if sound.ndim == 1 else sound.mean(0)
    moments, strength = find_onsets(mono, SAMPLE_RATE_HZ), onset_strength(mono, SAMPLE_RATE_HZ)
    at = (moments / HOP_S).astype(np.int64)
    clear = np.array([strength[max(0, place - 4) : place + 5].max(initial=0.0) >= CLEAR_DB for place in at], bool)
    return _Heard(mono, np.rint(moments[clear] * SAMPLE_RATE_HZ).astype(np.int64))


def _chosen(heard: _Heard, share: float, random: np.random.Generator) -> Sequence[int]:
    """Which onsets of a take become events: all, or of a long material a share."""
    count = len(heard.onsets)
    return range(count) if share >= 1 else np.flatnonzero(random.random(count) < share).tolist()


def _cut(
    material: Material, take: int, sound: Audio, heard: _Heard, place: int, first: int
) -> tuple[Event, Codes, NDArray[np.float32]]:
    """One event of a take, its codes and its descriptors."""
    onset = int(heard.onsets[place])
    following = int(heard.onsets[place + 1]) - BEFORE if place + 1 < len(heard.onsets) else sound.shape[-1]
    start = max(0, onset - BEFORE)
    stop = max(onset + 1, min(following, sound.shape[-1], onset + round(LONGEST_S * SAMPLE_RATE_HZ)))
    piece = _faded(sound[..., start:stop])
    hop = material.codec.config.hop_length
    before = lead(material.codec) - (onset - start)
    whole = -(-(before + piece.shape[-1]) // hop) * hop + 2 * hop
    padded = np.zeros((*piece.shape[:-1], whole), np.float32)
    padded[..., before : before + piece.shape[-1]] = piece
    encoded = material.codec.encode(padded)
    decoded = material.codec.decode(encoded.codes, gain_db=encoded.gain_db)
    event = Event(
        take=take,
        start=start,
        onset=onset,
        samples=stop - start,
        first=first,
        frames=encoded.codes.shape[1],
        gain_db=encoded.gain_db,
        is_single=_is_single(decoded, lead(material.codec)),
    )
    return event, encoded.codes, _described(piece, (stop - onset) / SAMPLE_RATE_HZ)


def _faded(piece: Audio) -> Audio:
    """A piece whose end fades, because the next event was about to begin there, and whose start rises."""
    faded = np.array(piece, np.float32)
    count = min(_FADE, piece.shape[-1] // 4)
    if count:
        faded[..., -count:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count, dtype=np.float32))
    rise = min(BEFORE // 2, piece.shape[-1] // 4)
    faded[..., :rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return faded


def _is_single(decoded: Audio, onset: int) -> bool:
    """Whether a decoded event reads as one onset, where it should be."""
    moments = find_onsets(decoded if decoded.ndim == 1 else decoded.mean(0), SAMPLE_RATE_HZ)
    return len(moments) == 1 and abs(float(moments[0]) - onset / SAMPLE_RATE_HZ) < NEAREST_S


def _described(piece: Audio, length_s: float) -> NDArray[np.float32]:
    """Descriptors of the first half second of a piece, and its length."""
    mono = (piece if piece.ndim == 1 else piece.mean(0))[:_DESCRIBED]
    mono = np.pad(mono, (0, max(0, SHORTEST_SAMPLES - len(mono))))
    return np.append(describe(torch.from_numpy(mono)[None])[0].numpy(), np.float32(length_s))


def _pattern(take: int, heard: _Heard, events: Sequence[Event], first: int) -> Pattern | None:
    """The rhythm of a take, if it has a tempo on whose sixteenths most of its onsets lie."""
    if len(heard.onsets) < _LEAST_ONSETS:
        return None
    moments = heard.onsets / SAMPLE_RATE_HZ
    fits = {bpm: _fit(moments, bpm) for bpm in tempo_candidates(heard.mono, SAMPLE_RATE_HZ)[:2]}
    if not fits:
        return None
    bpm = max(fits, key=lambda one: fits[one] - (0 if one == next(iter(fits)) else 0.15))
    beats = len(heard.mono) / SAMPLE_RATE_HZ * bpm / 60
    if fits[bpm] < _FITTING or beats < _LEAST_BEATS:
        return None
    places = [event.onset / SAMPLE_RATE_HZ * bpm / 60 for event in events[first:]]
    if not places:
        return None
    return Pattern(
        take=take, bpm=round(bpm, 3), beats=beats, places=places, events=list(range(first, first + len(places)))
    )


def _fit(moments: NDArray[np.float64], bpm: float) -> float:
    """Share of onsets near a sixteenth of a tempo, in excess of chance: 0 for any tempo, 1 for the very tempo."""
    step = 15 / bpm
    near = float((np.abs(moments / step - np.rint(moments / step)) * step < _NEAR_STEP_S).mean())
    chance = min(0.9, 2 * _NEAR_STEP_S / step)
    return (near - chance) / (1 - chance)


def _excerpts(index: int, take: Take, frame_rate: float) -> list[Drone]:
    """Overlapping excerpts of a take without events."""
    length = min(take.frames, round(_EXCERPT_S * frame_rate))
    starts = range(0, take.frames - length + 1, max(1, length // 2))
    return [Drone(take=index, first=take.first + start, frames=length) for start in starts]


def _described_drones(material: Material, drones: Sequence[Drone]) -> NDArray[np.float32]:
    rows = []
    for drone in drones:
        take = material.takes[drone.take]
        codes = material.codes[:, drone.first : drone.first + drone.frames]
        sound = material.codec.decode(codes, gain_db=take.gain_db)
        mono = sound if sound.ndim == 1 else sound.mean(0)
        rows.append(describe(torch.from_numpy(np.ascontiguousarray(mono))[None])[0].numpy())
    return np.array(rows, np.float32).reshape(len(drones), len(COLUMNS) - 1)


def _neighbours(codec: Codec, events: Sequence[Event], codes: Codes) -> NDArray[np.int64]:
    """The events most like each, `(E, NEIGHBOURS)`, by their first frames and the mean of the rest in `AXES` axes."""
    count = min(NEIGHBOURS, len(events) - 1)
    if count < 1:
        return np.zeros((len(events), 0), np.int64)
    latents = codec.dequantize(codes)
    centred = latents - latents.mean(0)
    _, vectors = np.linalg.eigh(np.cov(centred, rowvar=False) + 1e-9 * np.eye(centred.shape[1]))
    reduced = (centred @ vectors[:, ::-1][:, :AXES]).astype(np.float32)
    rows = []
    for event in events:
        frames = reduced[event.first + 1 : event.stop - 2]
        heads = frames[np.minimum(np.arange(_BODY_FRAMES), len(frames) - 1)]
        rows.append(np.append(heads.ravel(), frames.mean(0)))
    table = np.array(rows)
    sizes = np.square(table).sum(1)
    found = np.empty((len(events), count), np.int64)
    for index, row in enumerate(table):
        apart = sizes - 2 * table @ row
        apart[index] = np.inf
        near = np.argpartition(apart, count - 1)[:count]
        found[index] = near[np.argsort(apart[near], kind="stable")]
    return found

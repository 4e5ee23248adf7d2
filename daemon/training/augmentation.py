"""What a training crop is turned into before it is learned from, so that sounds the corpus lacks are met in training.

Data flow: a reader of mono source samples → stretched in time and pitch → coloured → mixed with another crop → noise,
level, polarity. Every operation has a probability in `Recipe`, is drawn from the step's own generator, and is never
applied to held-out audio. `scripts/bench/bench_augment.py` measures what each is worth; those that were worth nothing
have probability 0. Offsets below a hop need no operation: crops begin at any sample.

References: J. Flanagan and R. Golden, "Phase vocoder", 1966, for stretching. Deviation: the phase advance is measured
between two windows exactly one synthesis hop apart, so no phase is unwrapped.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.audio import Audio
from daemon.runs.spec import Recipe

_EQ_KNOTS = 9
_WINDOW = 2048
_HOP = _WINDOW // 4
_GRAIN = 256  # source lengths are multiples of this: sizes with quick Fourier transforms
_SEMITONE = 2 ** (1 / 12)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How much source one crop takes and what becomes of it."""

    source_samples: int
    """To be read from a file."""
    stretched_samples: int
    """After stretching at unchanged pitch; resampled to the crop's length from there."""


def draw_lengths(recipe: Recipe, crop: int, random: np.random.Generator) -> Draw:
    """Choose playing speed (time and pitch together), pitch alone and time alone, and say what lengths that takes."""
    speed = 2.0 ** _either_way(recipe.speed_probability, recipe.speed_octaves, random)
    pitch = _SEMITONE ** _either_way(recipe.pitch_probability, recipe.pitch_semitones, random)
    rate = 1.0 + _either_way(recipe.time_probability, recipe.time_share, random)
    stretched = _grains(crop * speed * pitch)
    source = stretched if pitch == rate == 1.0 else _grains(crop * speed * rate)
    return Draw(source_samples=source, stretched_samples=stretched)


def _either_way(probability: float, most: float, random: np.random.Generator) -> float:
    """Uniform in ±`most` with this probability, otherwise 0."""
    return float(random.uniform(-most, most)) if random.random() < probability else 0.0


def _grains(samples: float) -> int:
    return max(1, round(samples / _GRAIN)) * _GRAIN


def shape(source: Audio, draw: Draw, crop: int, recipe: Recipe, random: np.random.Generator) -> Audio:
    """A crop of `crop` samples from `draw.source_samples` of source: stretched, resampled and coloured."""
    made = source if draw.stretched_samples == source.shape[-1] else stretch(source, draw.stretched_samples)
    curve = _equaliser(recipe, crop, random)
    return made if curve is None and made.shape[-1] == crop else _refilter(made, crop, curve)


def colour(crop: Audio, recipe: Recipe, random: np.random.Generator) -> Audio:
    """Through a random smooth filter, or as it is: `(L,)` or `(2, L)` both ways."""
    curve = _equaliser(recipe, crop.shape[-1], random)
    return crop if curve is None else _refilter(crop, crop.shape[-1], curve)


def place(pair: Audio, recipe: Recipe, random: np.random.Generator) -> Audio:
    """Between the loudspeakers: `(2, L)` narrowed or widened, moved to one side, its channels exchanged, or as it is.

    A recording in one channel is moved too: that is how a stereo codec learns what it is to be panned.
    """
    level = _power(pair)
    if random.random() < recipe.width_probability:
        mid, side = (pair[0] + pair[1]) / 2, (pair[0] - pair[1]) / 2 * np.float32(random.uniform(0.0, 1.5))
        pair = np.stack([mid + side, mid - side])
    if random.random() < recipe.pan_probability:
        angle = random.uniform(0.0, math.pi / 2)  # constant power
        pair = pair * np.array([[math.cos(angle)], [math.sin(angle)]], np.float32)
    if recipe.swap and random.random() < 0.5:
        pair = pair[::-1]
    power = _power(pair)
    return np.asarray(pair * np.float32(math.sqrt(level / power)) if power > 0 else pair, np.float32)


def finish(crop: Audio, other: Audio | None, recipe: Recipe, random: np.random.Generator) -> Audio:
    """Mix with another crop, add noise, move the level, flip the polarity."""
    if other is not None:
        crop = mix(crop, other, float(random.uniform(-recipe.mix_db, 0.0)))
    if random.random() < recipe.noise_probability:
        crop = crop + _noise(crop, recipe, random)
    if random.random() < recipe.gain_probability:
        crop = crop * np.float32(10 ** (random.uniform(-recipe.gain_db, recipe.gain_db) / 20))
    return -crop if recipe.flip and random.random() < 0.5 else crop


def mix(crop: Audio, other: Audio, other_db: float) -> Audio:
    """`crop + other`, the other this much quieter, at the level of `crop` alone."""
    own, others = _power(crop), _power(other)
    if own <= 0 or others <= 0:
        return crop
    mixed = np.asarray(crop + other * np.float32(math.sqrt(own / others) * 10 ** (other_db / 20)), np.float32)
    return mixed * np.float32(math.sqrt(own / max(_power(mixed), 1e-12)))


def _noise(crop: Audio, recipe: Recipe, random: np.random.Generator) -> Audio:
    below_db = random.uniform(*recipe.noise_below_db)
    noise = random.standard_normal(crop.shape, np.float32)
    if crop.ndim == 2 and random.random() < 0.5:  # a mono recording hisses in the middle
        noise[1] = noise[0]
    return noise * np.float32(math.sqrt(_power(crop)) * 10 ** (-below_db / 20))


def _power(audio: Audio) -> float:
    return float(np.square(audio).mean())


def _equaliser(recipe: Recipe, crop: int, random: np.random.Generator) -> Audio | None:
    if random.random() >= recipe.eq_probability:
        return None
    knots_db = random.normal(0.0, recipe.eq_db, _EQ_KNOTS)
    position = np.linspace(0.0, 1.0, crop // 2 + 1)
    # square root: a warped axis that gives the low octaves more knots
    curve_db = np.interp(np.sqrt(position), np.linspace(0, 1, _EQ_KNOTS), knots_db)
    return (10 ** (curve_db / 20)).astype(np.float32)


def _refilter(crop: Audio, length: int, curve: Audio | None) -> Audio:
    """Resample a crop to `length` samples and colour it, both in one Fourier transform."""
    spectrum = np.fft.rfft(crop)
    kept = min(spectrum.shape[-1], length // 2 + 1)
    changed = np.zeros((*crop.shape[:-1], length // 2 + 1), spectrum.dtype)
    changed[..., :kept] = spectrum[..., :kept] * (length / crop.shape[-1])
    if curve is not None:
        changed *= curve
    made = np.fft.irfft(changed, length)
    power = float(np.square(made).mean())
    if curve is not None and power > 0:  # a filter changes the colour, not the level
        made *= math.sqrt(_power(crop) / power)
    return made.astype(np.float32)


def stretch(audio: Audio, length: int) -> Audio:
    """Longer or shorter at the same pitch, by a phase vocoder: `(L,)` or `(2, L)` to that many samples.

    Two channels advance with the phases of their sum, so that what is between them stays.
    """
    frames = -(-length // _HOP) + 4
    samples = audio.shape[-1]
    positions = np.minimum(np.arange(frames) * _HOP * (samples / length), samples + _WINDOW) + _HOP
    inside = positions.round().astype(int)[:, None] + np.arange(_WINDOW)
    if audio.ndim == 1:
        here, before = _grains_at(audio, inside), _grains_at(audio, inside - _HOP)
        turned = here
        phases = _phases(here, before)
    else:
        here, before = _grains_at(audio[0] + audio[1], inside), _grains_at(audio[0] + audio[1], inside - _HOP)
        turned = np.stack([_grains_at(channel, inside) for channel in audio])
        phases = np.angle(turned) + (_phases(here, before) - np.angle(here))
    made = np.fft.irfft(np.abs(turned) * np.exp(1j * phases)) * _window()
    out = np.zeros((*audio.shape[:-1], (frames + 3) * _HOP), np.float32)
    for quarter in range(4):  # frames four apart do not overlap
        rows = made[..., quarter::4, :].reshape(*audio.shape[:-1], -1)
        out[..., quarter * _HOP : quarter * _HOP + rows.shape[-1]] += rows
    return out[..., _WINDOW : _WINDOW + length] / np.float32(1.5)  # the sum of squared windows at a quarter hop


def _window() -> Audio:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


def _grains_at(audio: Audio, places: NDArray[np.int_]) -> NDArray[np.complexfloating]:
    padded = np.pad(audio, (_WINDOW + _HOP, 2 * _WINDOW + _HOP))
    return np.fft.rfft(padded[places] * _window())


def _phases(here: NDArray[np.complexfloating], before: NDArray[np.complexfloating]) -> NDArray[np.floating]:
    """Phases that advance from frame to frame as the sound itself does within a hop."""
    advance = np.angle(here) - np.angle(before)
    advance[0] = np.angle(here[0])
    return np.cumsum(advance, axis=0)

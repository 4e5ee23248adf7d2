"""A seeded set of synthesised sounds: plucks, pads, drums, frequency modulation, noise sweeps, each its own.

It stands in for a large personal collection where there is none: many files, short, of a few kinds, every one
different. Nothing in it is a recording, so what is measured on it is about amount, not about realism.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

RATE = 48_000
Random = np.random.Generator
Sound = NDArray[np.float64]


def write_set(folder: Path, count: int, seed: int = 0) -> None:
    """Write `count` 16-bit FLAC files of 1 to 3 s; the same for the same seed, whatever the count."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        name, sound = one_sound(index, seed)
        sf.write(folder / f"{index:03d}_{name}.flac", sound, RATE, subtype="PCM_16")


def one_sound(index: int, seed: int = 0) -> tuple[str, Sound]:
    """Sound number `index`: its kind and its samples, peak at most 0.8."""
    random = np.random.default_rng([seed, index])
    kind = tuple(_KINDS)[index % len(_KINDS)]
    sound = _KINDS[kind](np.arange(int(random.uniform(1.0, 3.0) * RATE)) / RATE, random)
    sound *= _edges(sound.size)
    return kind, sound / np.abs(sound).max() * random.uniform(0.2, 0.8)


def _pluck(t: Sound, random: Random) -> Sound:
    base, bright = 55 * 2 ** random.uniform(0, 5), random.uniform(0.6, 2.0)
    sound = np.zeros_like(t)
    for harmonic in range(1, int(min(40, 20_000 / base)) + 1):
        stretched = base * harmonic * (1 + 3e-4 * harmonic**2) ** 0.5
        level = harmonic**-bright * random.uniform(0.4, 1.0)
        sound += level * np.sin(2 * np.pi * stretched * t + random.uniform(0, 6.3)) * np.exp(-t * (1 + 0.4 * harmonic))
    return sound


def _pad(t: Sound, random: Random) -> Sound:
    base = 110 * 2 ** random.uniform(0, 2)
    swell = 1 - np.exp(-t / random.uniform(0.1, 0.6))
    sound = np.zeros_like(t)
    for step in random.choice([0, 3, 4, 7, 10, 12], 3, replace=False):
        for detune in random.normal(0, 0.004, 3):
            phase = base * 2 ** (step / 12) * (1 + detune) * t + random.uniform()
            sound += _lowpass(2 * (phase % 1) - 1, random.uniform(800, 6000))
    return sound * swell


def _drum(t: Sound, random: Random) -> Sound:
    every, sound = random.uniform(0.18, 0.5), np.zeros_like(t)
    low, fall, snap = random.uniform(40, 120), random.uniform(15, 60), random.uniform(0, 1)
    for start in np.arange(0, t[-1], every):
        since = np.clip(t - start, 0, None)
        body = np.sin(2 * np.pi * (low * since + low * 4 * (1 - np.exp(-since * fall)) / fall)) * np.exp(-since * 9)
        hit = body + snap * random.standard_normal(t.size) * np.exp(-since * random.uniform(15, 80))
        sound += np.where(t >= start, hit * random.uniform(0.4, 1.0), 0.0)
    return sound


def _modulation(t: Sound, random: Random) -> Sound:
    base, ratio = 80 * 2 ** random.uniform(0, 4), random.choice([0.5, 1.0, 1.414, 2.0, 3.5])
    depth = random.uniform(0.5, 8) * np.exp(-t * random.uniform(0.2, 4))
    return np.sin(2 * np.pi * base * t + depth * np.sin(2 * np.pi * base * ratio * t)) * np.exp(
        -t * random.uniform(0.3, 3)
    )


def _sweep(t: Sound, random: Random) -> Sound:
    noise, out = random.standard_normal(t.size), np.zeros(t.size)
    ends = np.sort(random.uniform(300, 12_000, 2))[:: random.choice([-1, 1])]
    edges = np.linspace(0, t.size, 25).astype(int)
    for number, (lo, hi) in enumerate(itertools.pairwise(edges)):
        cutoff = ends[0] * (ends[1] / ends[0]) ** (number / 24)
        first = max(0, lo - 256)
        out[lo:hi] = _lowpass(noise[first:hi], cutoff)[lo - first :]
    return out


def _lowpass(sound: Sound, cutoff_hz: float) -> Sound:
    """Second order, by its answer to every frequency at once."""
    hz = np.fft.rfftfreq(2 * sound.size, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(sound, 2 * sound.size) / (1 + 1j * hz / cutoff_hz) ** 2)[: sound.size]


def _edges(samples: int) -> Sound:
    fade = np.ones(samples)
    ramp = np.linspace(0, 1, RATE // 100)
    fade[: ramp.size // 5] = ramp[::5]
    fade[-ramp.size :] = ramp[::-1]
    return fade


_KINDS: dict[str, Callable[[Sound, Random], Sound]] = {
    "pluck": _pluck,
    "pad": _pad,
    "drum": _drum,
    "modulation": _modulation,
    "sweep": _sweep,
}

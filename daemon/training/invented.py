"""Sounds nobody recorded, for a corpus of a few files: what a codec has never met it cannot carry.

A tone with random partials, a band of noise or a click, each with an envelope of its own, or two of them at once. They
are made as crops, at about the loudness that recordings are brought to, and coloured like them.
"""

import numpy as np

from daemon.dsp.audio import Audio
from protocol.units import SAMPLE_RATE_HZ

_LEVEL = 0.1  # root mean square of a sound at -20 LUFS, roughly


def invent(samples: int, random: np.random.Generator) -> Audio:
    """One crop, `(samples,)`."""
    made = _one(samples, random)
    if random.random() < 0.3:
        made = made + _one(samples, random) * 10 ** (random.uniform(-20, 0) / 20)
    rms = float(np.sqrt(np.square(made).mean()))
    return (made * (_LEVEL / max(rms, 1e-6))).astype(np.float32)


def _one(samples: int, random: np.random.Generator) -> Audio:
    source = _tone(samples, random) if random.random() < 0.6 else _noise(samples, random)
    return source * _envelope(samples, random)


def _tone(samples: int, random: np.random.Generator) -> Audio:
    """Partials over a fundamental of 30 Hz to 3 kHz, stretched like a bell's now and then."""
    time = np.arange(samples, dtype=np.float32) / SAMPLE_RATE_HZ
    fundamental = 30.0 * 100 ** random.random()
    stretch = 1.0 + (random.uniform(0, 0.4) if random.random() < 0.3 else 0.0)
    glide = random.uniform(-2, 2) if random.random() < 0.3 else 0.0
    warped = time * (1 + 0.1 * glide * time)
    tilt = random.uniform(0.3, 2.0)
    made = np.zeros(samples, np.float32)
    for n in range(1, int(random.integers(2, 24))):
        hz = fundamental * n**stretch
        if hz * (1 + 0.1 * abs(glide)) > 0.45 * SAMPLE_RATE_HZ:
            break
        made += np.sin(2 * np.pi * (hz * warped + random.random())).astype(np.float32) * np.float32(
            n**-tilt * random.random()
        )
    return made


def _noise(samples: int, random: np.random.Generator) -> Audio:
    """Noise between two random edges with slopes."""
    spectrum = np.fft.rfft(random.standard_normal(samples, np.float32))
    octaves = np.log2(np.arange(1, spectrum.size + 1) * (SAMPLE_RATE_HZ / 2 / spectrum.size) / 20)
    low, high = sorted(random.uniform(0, 10, 2))
    slope = random.uniform(3, 24) / 20
    outside = np.maximum(low - octaves, 0) + np.maximum(octaves - high, 0)
    return np.fft.irfft(spectrum * 10 ** (-slope * outside), samples).astype(np.float32)


def _envelope(samples: int, random: np.random.Generator) -> Audio:
    """Attack and decay from a random start, or steady."""
    if random.random() < 0.25:
        return np.ones(samples, np.float32)
    time = (np.arange(samples) - random.uniform(0, 0.7) * samples) / SAMPLE_RATE_HZ
    attack_s, decay_s = 0.0005 * 200 ** random.random(), 0.01 * 100 ** random.random()
    rising = np.clip(time / attack_s, 0.0, 1.0)
    return (rising * np.exp(-np.maximum(time - attack_s, 0) / decay_s)).astype(np.float32)

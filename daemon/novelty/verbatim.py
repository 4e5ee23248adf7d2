"""Crops of a model's own recordings: what must read copy, at any offset and gain, and after a lossy codec."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from daemon.codec.codec import Codec
from daemon.dsp.audio import Audio
from daemon.novelty.windows import Scale
from protocol.units import SAMPLE_RATE_HZ

LOSSY = (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"))
GAIN_DB = (-18.0, 6.0)
LONGEST = 1.6
"""Length of a crop in windows: between 1.05 and this."""
QUIETEST = 1e-3
"""RMS of a crop below which another is drawn."""
_TRIES = 20


@dataclass(frozen=True)
class Crop:
    """A crop of a recording."""

    recorded: Audio
    """At another gain; two of three went through a lossy codec."""
    decoded: Audio
    """The same, encoded by the model's codec and decoded."""


def verbatim_crops(
    codec: Codec, sounds: Sequence[Audio], scale: Scale, count: int, random: np.random.Generator
) -> Iterator[Crop]:
    """Draw crops from sounds that are long enough for a window; none if there is no such sound."""
    least = round(scale.seconds * 1.05 * SAMPLE_RATE_HZ)
    usable = [sound for sound in sounds if sound.shape[-1] >= least]
    for number in range(count if usable else 0):
        for _ in range(_TRIES):
            sound = usable[int(random.integers(len(usable)))]
            most = min(sound.shape[-1], round(scale.seconds * LONGEST * SAMPLE_RATE_HZ))
            length = int(random.integers(least, most + 1))
            at = int(random.integers(0, sound.shape[-1] - length + 1))
            crop = np.ascontiguousarray(sound[..., at : at + length], np.float32)
            if np.sqrt(np.mean(np.square(crop))) >= QUIETEST:
                crop = crop * np.float32(10 ** (random.uniform(*GAIN_DB) / 20))
                yield Crop(lossy(crop, number % 3), through(codec, crop))
                break


def lossy(sound: Audio, number: int) -> Audio:
    """The sound after the lossy codec of a number, 0 or 1; unchanged for another, or if it cannot be written here."""
    if number >= len(LOSSY):
        return sound
    form, subtype = LOSSY[number]
    peak = float(np.abs(sound).max(initial=0.0)) or 1.0
    file = io.BytesIO()
    try:
        soundfile.write(file, (sound / max(1.0, peak)).T, SAMPLE_RATE_HZ, format=form, subtype=subtype)
    except (soundfile.LibsndfileError, ValueError):
        return sound
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float32")
    return np.ascontiguousarray(heard.T, np.float32)[..., : sound.shape[-1]]


def through(codec: Codec, sound: Audio) -> Audio:
    """A sound as the codec makes it of its codes."""
    encoded = codec.encode(np.ascontiguousarray(sound, np.float32))
    return codec.decode(encoded.codes, samples=encoded.samples, gain_db=encoded.gain_db)

"""Training crops, cut from memory-mapped audio; which ones depends on seed and step alone.

That makes the sampler's position the step number: a resumed run sees the crops it would have seen.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import gain_for_loudness_db
from daemon.corpus.records import Corpus
from daemon.training.errors import TrainingError
from daemon.training.spec import Part, Recipe

Audio = NDArray[np.float32]
_EQ_KNOTS = 9


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One part of the corpus, opened."""

    audio: NDArray[np.float32]
    """`(C, L)` of the whole file, memory-mapped."""
    start: int
    stop: int
    gain_db: float
    """To the codec's reference loudness; of the whole file, as an encode of it would use."""
    name: str

    def mono(self, lo: int = 0, hi: int | None = None) -> Audio:
        """Samples `lo` to `hi` of the part, channels averaged, at the source's level: `(L,)`."""
        hi = self.stop - self.start if hi is None else hi
        piece = self.audio[:, self.start + lo : self.start + hi]
        return np.asarray(piece[0] if piece.shape[0] == 1 else piece.mean(axis=0), np.float32)

    @property
    def samples(self) -> int:
        """Length of the part."""
        return self.stop - self.start


def open_parts(corpus: Corpus, parts: list[Part], config: CodecConfig) -> list[Clip]:
    """Map the parts of a split.

    Raises:
        TrainingError: the corpus no longer holds them.
        CorpusError: their cache is damaged.
    """
    records = {record.sha256: record for record in corpus.usable}
    clips: list[Clip] = []
    for part in parts:
        record = records.get(part.sha256)
        if record is None:
            raise TrainingError("The corpus no longer holds the files this run began with.", "Start a new model.")
        clips.append(
            Clip(
                audio=corpus.audio(record),
                start=part.start,
                stop=part.stop,
                gain_db=gain_for_loudness_db(record.loudness_lufs, config),
                name=record.source,
            )
        )
    return clips


class CropSampler:
    """Batches of crops, `[B, crop_samples]`; `batch(step)` is a pure function of seed and step."""

    def __init__(self, clips: list[Clip], recipe: Recipe, hop_length: int, seed: int) -> None:
        self._clips = clips
        self._recipe = recipe
        self._crop = recipe.crop_frames * hop_length
        self._seed = seed
        # Square root of length: long files do not drown the short ones, short ones are not memorised first.
        weights = np.sqrt([max(clip.samples, self._crop // 4) for clip in clips])
        self._chances = weights / weights.sum()

    def batch(self, step: int) -> Audio:
        """The crops of one step, at the reference loudness."""
        random = np.random.default_rng([self._seed, step])
        chosen = random.choice(len(self._clips), self._recipe.batch, p=self._chances)
        return np.stack([self._crop_from(self._clips[index], random) for index in chosen])

    def _crop_from(self, clip: Clip, random: np.random.Generator) -> Audio:
        length = self._source_length(random)
        # A quarter of a crop may hang over either end: silence before and after is part of a sound.
        overhang = length // 4
        lowest = min(-overhang, clip.samples - length) if clip.samples < length else -overhang
        highest = max(0, clip.samples - length + overhang)
        start = int(random.integers(lowest, highest + 1))
        lo, hi = max(0, start), min(clip.samples, start + length)
        crop = np.zeros(length, np.float32)
        crop[lo - start : hi - start] = clip.mono(lo, hi)
        curve = self._equaliser(random)
        if curve is not None or length != self._crop:
            crop = _refilter(crop, self._crop, curve)
        gain_db = clip.gain_db + random.uniform(-1, 1) * self._recipe.gain_db
        sign = -1.0 if self._recipe.flip and random.random() < 0.5 else 1.0
        return crop * np.float32(sign * 10 ** (gain_db / 20))

    def _source_length(self, random: np.random.Generator) -> int:
        """Samples of source that become one crop: more or fewer when it is played faster or slower."""
        if random.random() >= self._recipe.speed_probability:
            return self._crop
        speed = 2 ** random.uniform(-self._recipe.speed_octaves, self._recipe.speed_octaves)
        return round(self._crop * speed / 256) * 256

    def _equaliser(self, random: np.random.Generator) -> Audio | None:
        if random.random() >= self._recipe.eq_probability:
            return None
        knots_db = random.normal(0.0, self._recipe.eq_db, _EQ_KNOTS)
        position = np.linspace(0.0, 1.0, self._crop // 2 + 1)
        # square root: a warped axis that gives the low octaves more knots
        curve_db = np.interp(np.sqrt(position), np.linspace(0, 1, _EQ_KNOTS), knots_db)
        return (10 ** (curve_db / 20)).astype(np.float32)


def _refilter(crop: Audio, length: int, curve: Audio | None) -> Audio:
    """Resample a crop to `length` samples and colour it, both in one Fourier transform."""
    spectrum = np.fft.rfft(crop)
    kept = min(spectrum.size, length // 2 + 1)
    changed = np.zeros(length // 2 + 1, spectrum.dtype)
    changed[:kept] = spectrum[:kept] * (length / crop.size)
    if curve is not None:
        changed *= curve
    made = np.fft.irfft(changed, length)
    power = float(np.square(made).mean())
    if curve is not None and power > 0:  # a filter changes the colour, not the level
        made *= math.sqrt(float(np.square(crop).mean()) / power)
    return made.astype(np.float32)

"""Training crops, cut from memory-mapped audio; which ones depends on seed and step alone.

That makes the sampler's position the step number: a resumed run sees the crops it would have seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import gain_for_loudness_db
from daemon.corpus.pairs import Pair
from daemon.corpus.records import Corpus, FileRecord
from daemon.dsp.mixdown import mean_of
from daemon.dsp.offset import LEAST
from daemon.runs.errors import TrainingError
from daemon.runs.spec import Part, Recipe
from daemon.training.augmentation import Audio, colour, draw_lengths, finish, place, shape
from daemon.training.invented import invent


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
    heard: tuple[int, ...] = ()
    """Channels that one channel is the mean of; all where none is named."""
    dc_offset: float = 0.0
    """Still in `audio`, and left out: no codec should spend codes on it, and a crop of it begins with a click."""
    side_offset: float = 0.0
    """That of half the difference of two channels."""
    heard_at: int = 0
    """Where its sound begins, in samples after `start`."""
    channels: int = 1
    """What the codec takes: 1, or 2 for `sound` in two channels."""

    def sound(self, lo: int = 0, hi: int | None = None) -> Audio:
        """Samples `lo` to `hi` of the part as the codec takes them: `(L,)`, or `(2, L)`; one channel gives two equal.

        Without DC offset, at the source's level.
        """
        if self.channels == 1:
            return self.mono(lo, hi)
        if self.audio.shape[0] == 1:
            one = self.mono(lo, hi)
            return np.stack([one, one])
        hi = self.stop - self.start if hi is None else hi
        pair = np.array(self.audio[:, self.start + lo : self.start + hi], np.float32)
        offsets = (self.dc_offset + self.side_offset, self.dc_offset - self.side_offset)
        return pair - np.array(offsets, np.float32)[:, None] if any(offsets) else pair

    def mono(self, lo: int = 0, hi: int | None = None) -> Audio:
        """Samples `lo` to `hi` of the part as one channel, without DC offset, at the source's level: `(L,)`."""
        hi = self.stop - self.start if hi is None else hi
        piece = self.audio[:, self.start + lo : self.start + hi]
        mono = mean_of(piece, self.heard or tuple(range(len(piece))))
        return mono - np.float32(self.dc_offset) if self.dc_offset else mono

    def excerpt(self, most: int) -> Audio:
        """As `sound`, so many samples at most from where there is sound."""
        return self.sound(self.heard_at, min(self.samples, self.heard_at + most))

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
            raise TrainingError(
                "The corpus no longer holds the files this run began with.", "Start a new model.", can_resume=False
            )
        pair = corpus.pair(record) if config.channels == 2 else None
        loudness_lufs = pair.loudness_lufs if pair else record.loudness_lufs
        clips.append(
            Clip(
                audio=corpus.audio(record),
                start=part.start,
                stop=part.stop,
                gain_db=gain_for_loudness_db(loudness_lufs, config),
                name=record.source,
                heard=tuple(record.heard or ()),
                heard_at=part.heard_at,
                **_offsets_left(record, pair),
                channels=config.channels,
            )
        )
    return clips


def _offsets_left(record: FileRecord, pair: Pair | None) -> dict[str, float]:
    """The DC offsets that are still in the cache: of an index from before they were taken out at ingest."""
    if record.is_offset_removed:
        return {}
    aside = pair.side_offset if pair else 0.0
    return {"dc_offset": record.dc_offset, "side_offset": aside if abs(aside) >= LEAST else 0.0}


class CropSampler:
    """Batches of crops, `[B, crop_samples]` or `[B, 2, crop_samples]`; a pure function of seed and step."""

    def __init__(self, clips: list[Clip], recipe: Recipe, hop_length: int, seed: int) -> None:
        self._clips = clips
        self._recipe = recipe
        self._samples = recipe.crop_frames * hop_length
        self._seed = seed
        self._channels = clips[0].channels
        # Square root of length: long files do not drown the short ones, short ones are not memorised first.
        weights = np.sqrt([max(clip.samples, self._samples // 4) for clip in clips])
        self._chances = weights / weights.sum()

    def batch(self, step: int) -> Audio:
        """The crops of one step, at the reference loudness."""
        random = np.random.default_rng([self._seed, step])
        return np.stack([self._crop(random) for _ in range(self._recipe.batch)])

    def _crop(self, random: np.random.Generator) -> Audio:
        crop = self._placed(random)
        is_mixed = random.random() < self._recipe.mix_probability
        return finish(crop, self._placed(random) if is_mixed else None, self._recipe, random)

    def _placed(self, random: np.random.Generator) -> Audio:
        crop = self._shaped(random)
        return crop if self._channels == 1 else place(np.broadcast_to(crop, (2, self._samples)), self._recipe, random)

    def _shaped(self, random: np.random.Generator) -> Audio:
        """A crop at the reference loudness, stretched and coloured: of one file, or invented."""
        if random.random() < self._recipe.invented_probability:
            return colour(invent(self._samples, random), self._recipe, random)
        clip = self._clips[int(random.choice(len(self._clips), p=self._chances))]
        draw = draw_lengths(self._recipe, self._samples, random)
        source = _excerpt(clip, draw.source_samples, random)
        return shape(source, draw, self._samples, self._recipe, random) * np.float32(10 ** (clip.gain_db / 20))


def _excerpt(clip: Clip, length: int, random: np.random.Generator) -> Audio:
    """`length` samples from anywhere in a clip, beginning at any sample."""
    # A quarter of a crop may hang over either end: silence before and after is part of a sound.
    overhang = length // 4
    lowest = min(-overhang, clip.samples - length) if clip.samples < length else -overhang
    highest = max(0, clip.samples - length + overhang)
    start = int(random.integers(lowest, highest + 1))
    lo, hi = max(0, start), min(clip.samples, start + length)
    crop = np.zeros(length if clip.channels == 1 else (2, length), np.float32)
    crop[..., lo - start : hi - start] = clip.sound(lo, hi)
    return crop

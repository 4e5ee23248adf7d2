"""Training crops, cut from memory-mapped audio; which ones depends on seed and step alone.

That makes the sampler's position the step number: a resumed run sees the crops it would have seen.
"""

import numpy as np

from daemon.corpus.clips import Clip
from daemon.dsp.audio import Audio
from daemon.runs.spec import Recipe
from daemon.training.augmentation import colour, draw_lengths, finish, place, shape
from daemon.training.invented import invent


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

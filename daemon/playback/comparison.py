"""Compare a strand with an earlier state of it at matched loudness.

The louder of the two is turned down to the quieter one (ITU-R BS.1770 integrated loudness over the played range), so
that loudness does not bias the comparison and nothing clips. Long ranges are measured around the frames that differ.
The measured blocks come from the preview cache, where playback finds them afterwards.
"""

import asyncio
from dataclasses import dataclass

import numpy as np

from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from daemon.playback.block_cache import BLOCK_FRAMES, PCM, CodecRef, PreviewCache, block_of
from protocol.ranges import FrameRange
from protocol.strands import Strand

MOST_FRAMES = 704  # 15 s: measured in 0.2 s, long enough for a bar of anything
MOST_DB = 24.0  # a strand that is nearly silent does not silence the other


@dataclass
class Comparison:
    """A state to compare a strand with.

    Attributes:
        strand: the state, of the strand's model.
        gains: linear gains of the strand and of these codes.
        is_before: whether these codes play instead of the strand.
        matched: revision, levels and range that the gains were measured for.
    """

    strand: Strand
    gains: tuple[float, float] = (1.0, 1.0)
    is_before: bool = False
    matched: object = None


async def matched_gains(
    now: Strand,
    other: Comparison,
    frames: FrameRange,
    levels: tuple[int, ...] | None,
    codec: CodecRef,
    cache: PreviewCache,
) -> tuple[float, float]:
    """Linear gains of a strand's current state and of its comparison at which both are equally loud.

    Raises:
        AlleleError: the engine could not decode them.
    """
    loudness: list[float] = []
    window = _window(now, other.strand, frames)
    for strand in (now, other.strand):
        sound = await _sound(strand, window.inside(strand.codes.shape[1]), levels, codec, cache)
        loudness.append(await asyncio.to_thread(integrated_lufs, sound))
    if min(loudness) <= SILENCE_LUFS:
        return 1.0, 1.0
    gains = [10 ** (max(-MOST_DB, min(loudness) - one) / 20) for one in loudness]
    return gains[0], gains[1]


def _window(strand: Strand, compared: Strand, frames: FrameRange) -> FrameRange:
    """Frames to measure: the whole played range, or MOST_FRAMES around the middle of the frames that differ."""
    if len(frames) <= MOST_FRAMES:
        return frames
    common = min(strand.codes.shape[1], compared.codes.shape[1], frames.past)
    both = (one.codes[:, frames.first : common] for one in (strand, compared))
    differs = np.flatnonzero(np.not_equal(*both).any(axis=0))
    middle = frames.first + (int(differs[0] + differs[-1]) // 2 if differs.size else 0)
    first = min(max(frames.first, middle - MOST_FRAMES // 2), frames.past - MOST_FRAMES)
    return FrameRange(first, first + MOST_FRAMES)


async def _sound(
    strand: Strand,
    window: FrameRange,
    levels: tuple[int, ...] | None,
    codec: CodecRef,
    cache: PreviewCache,
) -> PCM:
    hop, length = strand.meta.hop_length, strand.codes.shape[1]
    if levels == ():
        return np.zeros(1, np.float32)
    parts: list[PCM] = []
    for lo in range(window.first // BLOCK_FRAMES * BLOCK_FRAMES, window.past, BLOCK_FRAMES):
        hi = min(lo + BLOCK_FRAMES, length)
        block = block_of(strand, lo, min(hi + 1, length), codec=codec, levels=levels)
        pcm = (await cache.fetch(block)).pcm
        parts.append(pcm[..., max(0, window.first - lo) * hop : (min(hi, window.past) - lo) * hop])
    return np.concatenate(parts, axis=-1)

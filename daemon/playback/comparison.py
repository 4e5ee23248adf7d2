"""A strand as it was before, heard in its place, and how loud each of the two is played.

The louder one is turned down to the quieter one (ITU-R BS.1770 integrated loudness over what plays), so that neither
wins by being louder and nothing is clipped. Long ranges are measured around what differs. Decoding for it goes through
the preview cache: what is measured is what is heard next.
"""

import asyncio
from dataclasses import dataclass

import numpy as np

from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from daemon.playback.block_cache import BLOCK_FRAMES, PCM, CodecRef, PreviewCache, block_of
from protocol.ranges import FrameRange
from protocol.strands import Codes, StrandMeta

MOST_FRAMES = 704  # 15 s: measured in 0.2 s, long enough for a bar of anything
MOST_DB = 24.0  # a strand that is nearly silent does not silence the other


@dataclass
class Comparison:
    """codes (Q, T) of one model with the strand. gains: of the strand and of this, linear. matched: what they fit."""

    meta: StrandMeta
    codes: Codes
    gains: tuple[float, float] = (1.0, 1.0)
    is_before: bool = False
    matched: object = None


async def matched_gains(
    now: tuple[StrandMeta, Codes],
    other: Comparison,
    frames: FrameRange,
    levels: tuple[int, ...] | None,
    codec: CodecRef,
    cache: PreviewCache,
) -> tuple[float, float]:
    """Linear gains of a strand as it is now and of what it is compared with, at which both are equally loud.

    Raises:
        AlleleError: what the engine says.
    """
    loudness: list[float] = []
    window = _window(now[1], other.codes, frames)
    for meta, codes in (now, (other.meta, other.codes)):
        sound = await _sound(meta, codes, window.inside(codes.shape[1]), levels, codec, cache)
        loudness.append(await asyncio.to_thread(integrated_lufs, sound))
    if min(loudness) <= SILENCE_LUFS:
        return 1.0, 1.0
    gains = [10 ** (max(-MOST_DB, min(loudness) - one) / 20) for one in loudness]
    return gains[0], gains[1]


def _window(codes: Codes, other: Codes, frames: FrameRange) -> FrameRange:
    """The frames to measure: all that play, or the MOST_FRAMES around the middle of what differs."""
    if len(frames) <= MOST_FRAMES:
        return frames
    common = min(codes.shape[1], other.shape[1], frames.past)
    differs = np.flatnonzero((codes[:, frames.first : common] != other[:, frames.first : common]).any(axis=0))
    middle = frames.first + (int(differs[0] + differs[-1]) // 2 if differs.size else 0)
    first = min(max(frames.first, middle - MOST_FRAMES // 2), frames.past - MOST_FRAMES)
    return FrameRange(first, first + MOST_FRAMES)


async def _sound(
    meta: StrandMeta,
    codes: Codes,
    window: FrameRange,
    levels: tuple[int, ...] | None,
    codec: CodecRef,
    cache: PreviewCache,
) -> PCM:
    hop = meta.hop_length
    if levels == ():
        return np.zeros(1, np.float32)
    parts: list[PCM] = []
    for lo in range(window.first // BLOCK_FRAMES * BLOCK_FRAMES, window.past, BLOCK_FRAMES):
        hi = min(lo + BLOCK_FRAMES, codes.shape[1])
        block = block_of(meta, codes, lo, min(hi + 1, codes.shape[1]), codec=codec, levels=levels)
        pcm = await cache.fetch(block)
        parts.append(pcm[..., max(0, window.first - lo) * hop : (min(hi, window.past) - lo) * hop])
    return np.concatenate(parts, axis=-1)

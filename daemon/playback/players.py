"""An attached player, what it plays, and checks of playback requests."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from msgspec.structs import replace

from daemon.playback.block_cache import PreviewCache
from daemon.playback.comparison import Comparison, matched_gains
from daemon.playback.strand_stream import Cut, Strands, StrandStream
from protocol.arrays import Array
from protocol.columns import MAX_SOURCES, ROWS, check_columns
from protocol.errors import AlleleError
from protocol.messages.playback import StartPlayback
from protocol.ranges import FrameRange
from protocol.strands import Strand, StrandMeta

log = logging.getLogger("allele.playback")

MAX_CREDITS = 50  # 1 s of sound; a player cannot hold more credits


class Stream(Protocol):
    """A sound delivered in chunks."""

    async def next(self) -> Cut:
        """The next chunk, about 20 ms long; `Cut.last` marks the last one.

        Raises:
            AlleleError: the stream cannot go on.
        """
        ...


@dataclass
class ClipPlayback:
    """Playback of a sound that cannot be edited, such as a preview or a recording."""

    number: int
    stream: Stream
    sent: int = 0  # chunks
    task: asyncio.Task[None] | None = None


@dataclass
class Playback:
    """Playback of a strand, which may be edited meanwhile."""

    number: int
    stream: StrandStream
    sent: int = 0  # chunks
    task: asyncio.Task[None] | None = None
    _measuring: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def compare(self, other: Comparison, is_before: bool, strands: Strands, cache: PreviewCache) -> None:
        """Play `other` or the strand from the next chunk on, at matched loudness."""
        async with self._measuring:
            await self._match(other, strands, cache)
            self.stream.comparison, other.is_before = other, is_before

    async def match(self, strands: Strands, cache: PreviewCache) -> None:
        """Match the loudness again after an edit. Concurrent calls measure each revision only once."""
        async with self._measuring:
            if self.stream.comparison is not None:
                await self._match(self.stream.comparison, strands, cache)

    async def _match(self, other: Comparison, strands: Strands, cache: PreviewCache) -> None:
        stream = self.stream
        try:
            view = strands.find(stream.strand)
            key = (view.rev, stream.levels, stream.frames)
            if other.matched != key:
                other.gains = await matched_gains(view.strand, other, stream.frames, stream.levels, stream.codec, cache)
                other.matched = key
        except AlleleError as problem:  # the gains stay as they were
            log.info("the loudness of a comparison could not be matched: %s", problem)


class Player:
    """The connection of a player, its credits and its playback."""

    def __init__(self, routing_id: bytes) -> None:
        self.routing_id = routing_id
        self.credits = 0
        self.newest = 0  # number of the latest playback
        self.playback: Playback | ClipPlayback | None = None
        self._granted = asyncio.Event()

    def grant(self, chunks: int) -> None:
        """Add credits: the player can take this many more chunks."""
        self.credits = min(MAX_CREDITS, self.credits + chunks)
        self._granted.set()

    def revoke(self) -> None:
        """Drop all credits, because they belong to an earlier connection."""
        self.credits = 0

    async def wait_for_credit(self, timeout_s: float) -> bool:
        """Wait for a credit. Returns False if none came within `timeout_s`."""
        if not self.credits:
            self._granted.clear()
            try:
                await asyncio.wait_for(self._granted.wait(), timeout_s)
            except TimeoutError:
                return False
        return self.credits > 0


def frames_of(request: StartPlayback, total: int) -> FrameRange:
    """Frames that a request plays, of a strand of `total` frames.

    Raises:
        AlleleError: E_RANGE if they are not in the strand.
    """
    frames = request.frames.until(total)
    if not 0 <= frames.first < frames.past <= total:
        raise AlleleError("E_RANGE", f"frames {frames} are not in a strand of {total}", hint="play @0:")
    return frames


def levels_of(requested: list[int] | None, total: int) -> tuple[int, ...] | None:
    """Levels to play, sorted: None for all, () for none.

    Raises:
        AlleleError: E_RANGE if a level is not in the strand.
    """
    if requested is None:
        return None
    levels = tuple(sorted(set(requested)))
    if any(not 0 <= level < total for level in levels):
        raise AlleleError("E_RANGE", f"levels {list(levels)} are not all in 0 to {total - 1}", hint="name others")
    return None if len(levels) == total else levels


def before_of(meta: StrandMeta, buffers: list[Array]) -> Comparison:
    """Comparison of a strand with codes and columns that were sent as the first two buffers.

    Raises:
        AlleleError: E_BAD_REQUEST if the codes do not fit the strand's model, E_BAD_STRAND if the columns do not.
    """
    codes, columns = buffers[:2] if len(buffers) >= 2 else (np.zeros((0, 0), np.uint16), np.zeros((ROWS, 0), np.int32))
    if codes.dtype != np.uint16 or codes.ndim != 2 or codes.shape[0] != meta.levels or codes.shape[1] < 1:
        raise AlleleError("E_BAD_REQUEST", f"what {meta.name} is compared with must be (levels, frames) of its codes")
    if int(codes.max()) >= meta.codebook:
        raise AlleleError("E_BAD_REQUEST", f"code {int(codes.max())} does not exist in {meta.model}")
    frames = codes.shape[1]
    samples = meta.samples if frames == meta.frames else frames * meta.hop_length
    compared = replace(meta, frames=frames, samples=samples)
    return Comparison(Strand(compared, codes, check_columns(columns, frames, MAX_SOURCES)))

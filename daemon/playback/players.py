"""One attached player, what it plays, and what a request may ask of it."""

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
from protocol.errors import AlleleError
from protocol.messages.playback import StartPlayback
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta

log = logging.getLogger("allele.playback")

MAX_CREDITS = 50  # 1 s of sound: a player that asks for more gets no more than that


class Stream(Protocol):
    """Sound in chunks."""

    async def next(self) -> Cut:
        """The next chunk, about 20 ms; the last one says so.

        Raises:
            AlleleError: why it ends early.
        """
        ...


@dataclass
class ClipPlayback:
    """Sound that nobody edits, on its way to a player."""

    number: int
    stream: Stream
    sent: int = 0  # chunks
    task: asyncio.Task[None] | None = None


@dataclass
class Playback:
    """A strand's stream on its way to a player."""

    number: int
    stream: StrandStream
    sent: int = 0  # chunks
    task: asyncio.Task[None] | None = None
    _measuring: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def compare(self, other: Comparison, is_before: bool, strands: Strands, cache: PreviewCache) -> None:
        """Hear `other` or the strand from the next chunk on, both at one loudness."""
        async with self._measuring:
            await self._match(other, strands, cache)
            self.stream.comparison, other.is_before = other, is_before

    async def match(self, strands: Strands, cache: PreviewCache) -> None:
        """Match the loudness anew, after an edit. However many wait, it is measured once for each revision."""
        async with self._measuring:
            if self.stream.comparison is not None:
                await self._match(self.stream.comparison, strands, cache)

    async def _match(self, other: Comparison, strands: Strands, cache: PreviewCache) -> None:
        stream = self.stream
        try:
            view = strands.find(stream.strand)
            key = (view.rev, stream.levels, stream.frames)
            if other.matched != key:
                now = (view.meta, view.codes)
                other.gains = await matched_gains(now, other, stream.frames, stream.levels, stream.codec, cache)
                other.matched = key
        except AlleleError as problem:  # the gains stay as they were
            log.info("a comparison is not matched in loudness: %s", problem)


class Player:
    """A player's connection, its credits, what it plays."""

    def __init__(self, routing_id: bytes) -> None:
        self.routing_id = routing_id
        self.credits = 0
        self.newest = 0  # number of the latest playback
        self.playback: Playback | ClipPlayback | None = None
        self._granted = asyncio.Event()

    def grant(self, chunks: int) -> None:
        """It can take so many more chunks."""
        self.credits = min(MAX_CREDITS, self.credits + chunks)
        self._granted.set()

    def revoke(self) -> None:
        """A new connection: what was granted on the old one counts no more."""
        self.credits = 0

    async def wait_for_credit(self, timeout_s: float) -> bool:
        """True when there is a credit; False when none came in time."""
        if not self.credits:
            self._granted.clear()
            try:
                await asyncio.wait_for(self._granted.wait(), timeout_s)
            except TimeoutError:
                return False
        return self.credits > 0


def frames_of(asked: StartPlayback, total: int) -> FrameRange:
    """The frames to play.

    Raises:
        AlleleError: E_RANGE.
    """
    frames = asked.frames.until(total)
    if not 0 <= frames.first < frames.past <= total:
        raise AlleleError("E_RANGE", f"frames {frames} are not in a strand of {total}", hint="play @0:")
    return frames


def levels_of(asked: list[int] | None, total: int) -> tuple[int, ...] | None:
    """The levels to hear, None for all, () for none.

    Raises:
        AlleleError: E_RANGE.
    """
    if asked is None:
        return None
    levels = tuple(sorted(set(asked)))
    if any(not 0 <= level < total for level in levels):
        raise AlleleError("E_RANGE", f"levels {list(levels)} are not all in 0 to {total - 1}", hint="name others")
    return None if len(levels) == total else levels


def before_of(meta: StrandMeta, buffers: list[Array]) -> Comparison:
    """What a strand is to be compared with.

    Raises:
        AlleleError: E_BAD_REQUEST for codes that its model does not have.
    """
    codes = buffers[0] if buffers else np.zeros((0, 0), np.uint16)
    if codes.dtype != np.uint16 or codes.ndim != 2 or codes.shape[0] != meta.levels or codes.shape[1] < 1:
        raise AlleleError("E_BAD_REQUEST", f"what {meta.name} is compared with must be (levels, frames) of its codes")
    if int(codes.max()) >= meta.codebook:
        raise AlleleError("E_BAD_REQUEST", f"code {int(codes.max())} does not exist in {meta.model}")
    frames = codes.shape[1]
    samples = meta.samples if frames == meta.frames else frames * meta.hop_length
    return Comparison(replace(meta, frames=frames, samples=samples), codes)

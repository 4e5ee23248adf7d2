"""One playback's sound, in order: blocks of a living strand turned into chunks of 20 ms.

Data flow: `next` looks at the strand as it is now, finds the piece of PCM that holds the next sample (from the cache,
decoded meanwhile, or decoded on the spot), cuts a chunk from it and sees to it that the piece after it is on its way.
Every piece has one frame more than it plays, so that a join with something else can be crossfaded.

An edit is heard where it is not yet streamed: a piece whose codes changed goes on sounding as it was until its
successor is decoded, then fades into it within 5 ms. The first piece of a playback is short, for latency.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from daemon.server.preview import PCM, Block, CodecRef, PreviewCache, block_of
from daemon.server.seams import FADE_SAMPLES, Seam, would_click
from protocol.strands import Codes, StrandMeta

BLOCK_FRAMES = 32  # 0.68 s: a margin's worth of extra work is small beside it, an edit's cost is too
FIRST_FRAMES = 8  # 0.17 s: decoded in a few ms, lasts while the rest of its block is decoded
CHUNK_SAMPLES = 960  # 20 ms


class View(Protocol):
    """A strand at one revision. codes (Q, T) are never written to again."""

    @property
    def meta(self) -> StrandMeta: ...

    @property
    def rev(self) -> int: ...

    @property
    def codes(self) -> Codes: ...


class Strands(Protocol):
    """Where living strands are."""

    def find(self, strand: str) -> View:
        """The strand as it is now.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        ...


class Cut(NamedTuple):
    """One chunk: the place of its first sample, mono PCM (L,), and whether nothing follows."""

    sample: int
    pcm: PCM
    last: bool


@dataclass(frozen=True, kw_only=True)
class Piece:
    """PCM of frames [lo, hi) and up to one frame beyond. `key` names what it was decoded from."""

    lo: int
    hi: int
    hop: int
    key: bytes
    pcm: PCM

    def from_sample(self, sample: int) -> PCM:
        """Everything from a place in the strand on, the frame beyond included."""
        return self.pcm[sample - self.lo * self.hop :]


class StrandStream:
    """Plays frames [first, past) of a strand, once or in a loop."""

    def __init__(
        self,
        strands: Strands,
        cache: PreviewCache,
        strand: str,
        frames: tuple[int, int],
        *,
        codec: CodecRef,
        levels: tuple[int, ...] | None,
        loop: bool,
    ) -> None:
        self._strands, self._cache, self._strand = strands, cache, strand
        self._first, self._past = frames
        self._codec, self._levels, self._loop = codec, levels, loop
        self._at = -1
        self._piece: Piece | None = None
        self._piece_rev = -1  # revision the piece is known to be right for
        self._ahead: tuple[int, int] | None = None  # (rev, sample) looked ahead to
        self._turned = False
        self._seam: Seam | None = None
        self._played = self._continuation = np.zeros(0, np.float32)

    async def next(self) -> Cut:
        """The next chunk, at most CHUNK_SAMPLES long; shorter where a piece or a pass ends.

        Raises:
            AlleleError: the strand is gone, or what the engine says.
        """
        view = self._strands.find(self._strand)
        hop = view.meta.hop_length
        start, end = self._first * hop, min(self._past * hop, view.meta.samples)
        if self._at < 0:
            self._at = start
        if self._at >= end:
            return Cut(self._at, np.zeros(0, np.float32), True)
        before = self._piece
        piece = await self._current(view)
        sound = piece.from_sample(self._at)
        if before is not None and (piece is not before or self._turned):
            self._join(sound)
        cut = self._cut(piece, sound[: min(CHUNK_SAMPLES, piece.hi * hop - self._at, end - self._at)])
        is_last = False
        if self._at >= end:
            is_last, self._turned = not self._loop, self._loop
            self._at = start if self._loop else end
        if not is_last:
            self._look_ahead(view, piece, start, end)
        return cut._replace(last=is_last)

    async def _current(self, view: View) -> Piece:
        """The piece that sounds at `_at`: the one at hand, the same after an edit, or another one."""
        piece, hop = self._piece, view.meta.hop_length
        if piece is None or not piece.lo * hop <= self._at < piece.hi * hop:
            piece = await self._load(view)
        elif view.rev != self._piece_rev:
            block = self._block(view, piece.lo, piece.hi)
            pcm = piece.pcm if block.key == piece.key else self._cache.peek(block)
            if pcm is None:  # goes on as it was until the new sound is there
                self._cache.prefetch(block)
                return piece
            if block.key != piece.key:
                piece = Piece(lo=piece.lo, hi=piece.hi, hop=hop, key=block.key, pcm=pcm)
            self._piece_rev = view.rev
        self._piece = piece
        return piece

    async def _load(self, view: View) -> Piece:
        hop = view.meta.hop_length
        lo, hi = self._bounds(view, self._at)
        block = self._block(view, lo, hi)
        if self._piece is None and self._cache.peek(block) is None:  # the start: no more than is needed for now
            lo = self._at // hop
            hi = min(lo + FIRST_FRAMES, hi)
            block = self._block(view, lo, hi)
        pcm = await self._cache.fetch(block)
        self._piece_rev = view.rev
        return Piece(lo=lo, hi=hi, hop=hop, key=block.key, pcm=pcm)

    def _join(self, sound: PCM) -> None:
        """`sound` comes after what was played: crossfade if the join would be heard."""
        seam = Seam(self._continuation, float(self._played[-1]))
        if would_click(self._played, sound) if self._turned else seam.is_change(sound):
            self._seam = seam
        self._turned = False

    def _cut(self, piece: Piece, pcm: PCM) -> Cut:
        if self._seam is not None:
            pcm = self._seam.apply(pcm)
            if self._seam.is_done:
                self._seam = None
        cut = Cut(self._at, pcm, False)
        self._at += pcm.size
        self._played = pcm
        self._continuation = piece.from_sample(self._at)[:FADE_SAMPLES]
        return cut

    def _look_ahead(self, view: View, piece: Piece, start: int, end: int) -> None:
        """Have the piece after this one decoded while this one sounds."""
        sample = piece.hi * piece.hop
        if sample >= end:
            sample = start
            if not self._loop:
                return
        if self._ahead != (view.rev, sample):
            self._ahead = (view.rev, sample)
            self._cache.prefetch(self._block(view, *self._bounds(view, sample)))

    def _bounds(self, view: View, sample: int) -> tuple[int, int]:
        """Frames of the aligned block that holds a sample."""
        lo = sample // view.meta.hop_length // BLOCK_FRAMES * BLOCK_FRAMES
        return lo, min(lo + BLOCK_FRAMES, view.codes.shape[1])

    def _block(self, view: View, lo: int, hi: int) -> Block:
        past = min(hi + 1, view.codes.shape[1])
        return block_of(view.meta, view.codes, lo, past, codec=self._codec, levels=self._levels)

"""One playback's sound, in order: blocks of a living strand turned into chunks of 20 ms.

Data flow: `next` looks at the strand as it is now, finds the piece of PCM that holds the next sample (from the cache,
decoded meanwhile, or decoded on the spot), cuts a chunk from it and sees to it that the piece after it is on its way.
Every piece has one frame more than it plays, so that a join with something else can be crossfaded.

An edit is heard where it is not yet streamed: a piece whose codes changed goes on sounding as it was until its
successor is decoded, then fades into it within 5 ms. In a loop it waits for the next pass. Other levels, and the strand
as it was before (`Comparison`), come in at the next chunk in either case, by the same fade. The first piece of a
playback is short, for latency.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from daemon.playback.block_cache import BLOCK_FRAMES, PCM, Block, CodecRef, PreviewCache, block_of
from daemon.playback.comparison import Comparison
from daemon.playback.crossfade import FADE_SAMPLES, Seam, would_click
from protocol.ranges import FrameRange
from protocol.strands import Codes, StrandMeta

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
    """One chunk: the place of its first sample, PCM (L,) or (2, L), and whether nothing follows."""

    sample: int
    pcm: PCM
    last: bool


@dataclass(frozen=True, kw_only=True)
class Take:
    """What is streamed at a moment: a grid, the samples of it, how loud. Takes of one stamp sound the same."""

    meta: StrandMeta
    codes: Codes
    start: int
    end: int
    levels: tuple[int, ...] | None
    gain: float
    stamp: object


@dataclass(frozen=True, kw_only=True)
class Piece:
    """PCM of frames [lo, hi) and up to one frame beyond. `key` names what it was decoded from, and how loud it is."""

    lo: int
    hi: int
    hop: int
    key: object
    pcm: PCM

    def from_sample(self, sample: int) -> PCM:
        """Everything from a place in the strand on, the frame beyond included."""
        return self.pcm[..., sample - self.lo * self.hop :]


class StrandStream:
    """Plays some frames of a strand, once or in a loop.

    levels: those heard, () for silence, None for all. comparison: what else may be heard. Both, and loop, may change at
    any time.
    """

    def __init__(
        self,
        strands: Strands,
        cache: PreviewCache,
        strand: str,
        frames: FrameRange,
        *,
        codec: CodecRef,
        levels: tuple[int, ...] | None,
        loop: bool,
        comparison: Comparison | None = None,
    ) -> None:
        self._strands, self._cache, self.strand = strands, cache, strand
        self.frames = frames
        self.levels, self.comparison = levels, comparison
        self.codec, self.loop = codec, loop
        self._pass: tuple[View, FrameRange] | None = None  # a loop's pass is of one revision
        self._at = -1
        self._piece: Piece | None = None
        self._piece_stamp: object = None  # of the take the piece is known to be right for
        self._ahead: tuple[object, int] | None = None  # (stamp, sample) looked ahead to
        self._turned = False
        self._seam: Seam | None = None
        self._played = self._continuation = np.zeros(0, np.float32)

    async def next(self) -> Cut:
        """The next chunk, at most CHUNK_SAMPLES long; shorter where a piece or a pass ends.

        Raises:
            AlleleError: the strand is gone, or what the engine says.
        """
        take = self._now()
        if self._at < 0:
            self._at = take.start
        if self._at >= take.end:  # what is heard now is shorter than what was, or than what was asked for
            if not self.loop:
                return Cut(self._at, np.zeros(0, np.float32), True)
            self._turn()
            take = self._now()
            self._at = take.start
        before = self._piece
        piece = await self._current(take)
        sound = piece.from_sample(self._at)
        if before is not None and (piece is not before or self._turned):
            self._join(sound)
        most = min(CHUNK_SAMPLES, piece.hi * piece.hop - self._at, take.end - self._at)
        cut = self._cut(piece, sound[..., :most])
        is_last = False
        if self._at >= take.end:
            is_last = not self.loop
            if self.loop:
                self._turn()
        if not is_last:
            self._look_ahead(take, piece)
        return cut._replace(last=is_last)

    def _now(self) -> Take:
        """What is to be heard at this moment; a pass of a loop stays with the revision that it began with."""
        view, frames = self._strands.find(self.strand), self.frames
        self._pass = (self._pass or (view, frames)) if self.loop else None
        view, frames = self._pass or (view, frames)
        return self._take(view, frames)

    def _take(self, view: View, frames: FrameRange) -> Take:
        """What is to be heard of the strand at a revision, or of what it is compared with."""
        comparison, gain = self.comparison, 1.0
        codes, meta, stamp = view.codes, view.meta, (view.rev, self.levels)
        if comparison is not None:
            gain = comparison.gains[comparison.is_before]
            stamp = (*stamp, gain)
            if comparison.is_before:
                codes, meta = comparison.codes, comparison.meta
                stamp = (id(comparison), self.levels, gain)
        frames = frames.inside(codes.shape[1]) if self.loop or codes is not view.codes else frames
        end = min(frames.past * meta.hop_length, meta.samples)
        return Take(
            meta=meta, codes=codes, start=frames.first * meta.hop_length, end=end,
            levels=self.levels, gain=gain, stamp=stamp,
        )  # fmt: skip

    def _turn(self) -> None:
        """The next chunk begins the next pass, with the strand as it is then."""
        self._pass, self._turned, self._at = None, True, -1

    async def _current(self, take: Take) -> Piece:
        """The piece that sounds at `_at`: the one at hand, the same after a change, or another one."""
        piece, hop = self._piece, take.meta.hop_length
        is_there = piece is not None and piece.lo * hop <= self._at < min(piece.hi, take.codes.shape[1]) * hop
        if piece is None or not is_there or (self._turned and take.stamp != self._piece_stamp):
            piece = await self._load(take)
        elif take.stamp != self._piece_stamp:
            block = self._block(take, piece.lo, min(piece.hi, take.codes.shape[1]))
            if (key := (block.key, take.gain)) != piece.key:
                pcm = self._peek(block, take)
                if pcm is None:  # goes on as it was until the new sound is there
                    self._cache.prefetch(block)
                    return piece
                piece = Piece(lo=piece.lo, hi=min(piece.hi, take.codes.shape[1]), hop=hop, key=key, pcm=pcm)
            self._piece_stamp = take.stamp
        self._piece = piece
        return piece

    async def _load(self, take: Take) -> Piece:
        hop = take.meta.hop_length
        lo, hi = self._bounds(take, self._at)
        block = self._block(take, lo, hi)
        if self._piece is None and self._peek(block, take) is None:  # the start: no more than is needed for now
            lo = self._at // hop
            hi = min(lo + FIRST_FRAMES, hi)
            block = self._block(take, lo, hi)
        pcm = self._peek(block, take)
        if pcm is None:
            pcm = _at_gain(await self._cache.fetch(block), take.gain)
        self._piece_stamp = take.stamp
        return Piece(lo=lo, hi=hi, hop=hop, key=(block.key, take.gain), pcm=pcm)

    def _peek(self, block: Block, take: Take) -> PCM | None:
        """The sound of a block where nobody has to decode it."""
        if take.levels == ():
            length = (block.hi - block.lo) * take.meta.hop_length
            return np.zeros(length if take.meta.channels == 1 else (2, length), np.float32)
        pcm = self._cache.peek(block)
        return None if pcm is None else _at_gain(pcm, take.gain)

    def _join(self, sound: PCM) -> None:
        """`sound` comes after what was played: crossfade if the join would be heard."""
        seam = Seam(self._continuation, self._played[..., -1:])
        if would_click(self._played, sound) if self._turned else seam.is_change(sound):
            self._seam = seam
        self._turned = False

    def _cut(self, piece: Piece, pcm: PCM) -> Cut:
        if self._seam is not None:
            pcm = self._seam.apply(pcm)
            if self._seam.is_done:
                self._seam = None
        cut = Cut(self._at, pcm, False)
        self._at += pcm.shape[-1]
        self._played = pcm
        self._continuation = piece.from_sample(self._at)[..., :FADE_SAMPLES]
        return cut

    def _look_ahead(self, take: Take, piece: Piece) -> None:
        """Have the piece after this one decoded while this one sounds."""
        sample = piece.hi * piece.hop
        if sample >= take.end:
            if not self.loop:
                return
            take = self._take(self._strands.find(self.strand), self.frames)  # the next pass
            sample = take.start
        if (ahead := (take.stamp, sample)) == self._ahead or take.levels == ():
            return
        self._ahead = ahead
        self._cache.prefetch(self._block(take, *self._bounds(take, sample)))

    def _bounds(self, take: Take, sample: int) -> tuple[int, int]:
        """Frames of the aligned block that holds a sample."""
        lo = sample // take.meta.hop_length // BLOCK_FRAMES * BLOCK_FRAMES
        return lo, min(lo + BLOCK_FRAMES, take.codes.shape[1])

    def _block(self, take: Take, lo: int, hi: int) -> Block:
        past = min(hi + 1, take.codes.shape[1])
        return block_of(take.meta, take.codes, lo, past, codec=self.codec, levels=take.levels)


def _at_gain(pcm: PCM, gain: float) -> PCM:
    return pcm if gain == 1.0 else pcm * np.float32(gain)

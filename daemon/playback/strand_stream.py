"""The stream of one playback: blocks of an editable strand, cut into chunks of 20 ms.

Data flow: `next` reads the current strand, finds the piece of PCM that holds the next sample (from the cache, decoded
in the background, or decoded at once), cuts a chunk from it and starts decoding the piece after it. Every piece is one
frame longer than it plays, so that it can be crossfaded into something else.

An edit applies to sound that is not streamed yet. A piece whose codes changed plays on unchanged until its new version
is decoded, then crossfades into it within 5 ms. In a loop an edit waits for the next pass. A change of levels or of the
compared state (`Comparison`) applies at the next chunk in either case, with the same crossfade. The first piece of a
playback is short, to reduce latency.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from daemon.dsp.audio import Decoded
from daemon.playback.block_cache import BLOCK_FRAMES, PCM, Block, CodecRef, PreviewCache, block_of
from daemon.playback.comparison import Comparison
from daemon.playback.crossfade import FADE_SAMPLES, Crossfade, would_click
from protocol.ranges import FrameRange
from protocol.strands import Codes, Strand, StrandMeta

FIRST_FRAMES = 8  # 0.17 s: decoded in a few ms, and long enough to decode the rest of its block meanwhile
CHUNK_SAMPLES = 960  # 20 ms


class View(Protocol):
    """A strand at one revision. Its codes (Q, T) and columns (4, T) are immutable."""

    @property
    def meta(self) -> StrandMeta: ...

    @property
    def rev(self) -> int: ...

    @property
    def codes(self) -> Codes: ...

    @property
    def strand(self) -> Strand: ...


class Strands(Protocol):
    """The open strands, by id."""

    def find(self, strand: str) -> View:
        """The strand at its current revision.

        Raises:
            AlleleError: E_NOT_FOUND if it is not open.
        """
        ...


class Cut(NamedTuple):
    """One chunk: the position of its first sample, its PCM (L,) or (2, L), and whether it is the last.

    `reduced_db` is the largest reduction of its frames by the limiter.
    """

    sample: int
    pcm: PCM
    last: bool
    reduced_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Take:
    """State that the stream plays at a moment: a strand, a range of its samples, levels and gain.

    Takes with the same `stamp` sound the same.
    """

    strand: Strand
    start: int
    end: int
    levels: tuple[int, ...] | None
    gain: float
    stamp: object

    @property
    def meta(self) -> StrandMeta:
        """The description of the strand."""
        return self.strand.meta

    @property
    def codes(self) -> Codes:
        """The codes of the strand, (Q, T)."""
        return self.strand.codes


@dataclass(frozen=True, kw_only=True)
class Piece:
    """PCM of frames [lo, hi) and up to one frame beyond. `key` identifies its block and gain."""

    lo: int
    hi: int
    hop: int
    key: object
    sound: Decoded

    def from_sample(self, sample: int) -> PCM:
        """PCM from a sample position of the strand to the end of the piece, the extra frame included."""
        return self.sound.pcm[..., sample - self.lo * self.hop :]

    def reduced_db(self, sample: int, past: int) -> float:
        """The largest reduction of the frames of some samples of the strand by the limiter."""
        reduced = self.sound.reduced_db[sample // self.hop - self.lo : (past - 1) // self.hop - self.lo + 1]
        return float(reduced.max(initial=0.0))


class StrandStream:
    """Stream of a range of frames of a strand, once or in a loop.

    Attributes:
        levels: levels to play, () for silence, None for all; may change at any time.
        comparison: state to compare the strand with, if any; may change at any time.
        loop: whether the range repeats; may change at any time.
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
        self._pass: tuple[View, FrameRange] | None = None  # each pass of a loop plays one revision
        self._at = -1
        self._piece: Piece | None = None
        self._piece_stamp: object = None  # stamp of the take that the piece is valid for
        self._ahead: tuple[object, int] | None = None  # (stamp, sample) of the last prefetch
        self._turned = False
        self._crossfade: Crossfade | None = None
        self._played = self._continuation = np.zeros(0, np.float32)

    async def next(self) -> Cut:
        """The next chunk, at most CHUNK_SAMPLES long; shorter where a piece or a pass ends.

        Raises:
            AlleleError: the strand is closed, or the engine could not decode it.
        """
        take = self._now()
        if self._at < 0:
            self._at = take.start
        if self._at >= take.end:  # the sound has become shorter, or is shorter than the requested range
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
        """The take to play now. A pass of a loop keeps the revision with which it began."""
        view, frames = self._strands.find(self.strand), self.frames
        self._pass = (self._pass or (view, frames)) if self.loop else None
        view, frames = self._pass or (view, frames)
        return self._take(view, frames)

    def _take(self, view: View, frames: FrameRange) -> Take:
        """The take of a strand at a revision, or of its comparison if that is selected."""
        comparison, gain = self.comparison, 1.0
        strand, stamp = view.strand, (view.rev, self.levels)
        if comparison is not None:
            gain = comparison.gains[comparison.is_before]
            stamp = (*stamp, gain)
            if comparison.is_before:
                strand = comparison.strand
                stamp = (id(comparison), self.levels, gain)
        meta, codes, _ = strand
        frames = frames.inside(codes.shape[1]) if self.loop or codes is not view.codes else frames
        end = min(frames.past * meta.hop_length, meta.samples)
        return Take(
            strand=strand, start=frames.first * meta.hop_length, end=end,
            levels=self.levels, gain=gain, stamp=stamp,
        )  # fmt: skip

    def _turn(self) -> None:
        """Start the next pass of a loop with the next chunk, at the strand's revision at that time."""
        self._pass, self._turned, self._at = None, True, -1

    async def _current(self, take: Take) -> Piece:
        """The piece that plays at `_at`: the current one, its new version after a change, or the next one."""
        piece, hop = self._piece, take.meta.hop_length
        is_there = piece is not None and piece.lo * hop <= self._at < min(piece.hi, take.codes.shape[1]) * hop
        if piece is None or not is_there or (self._turned and take.stamp != self._piece_stamp):
            piece = await self._load(take)
        elif take.stamp != self._piece_stamp:
            block = self._block(take, piece.lo, min(piece.hi, take.codes.shape[1]))
            if (key := (block.key, take.gain)) != piece.key:
                decoded = self._peek(block, take)
                if decoded is None:  # the old version plays on until the new one is decoded
                    self._cache.prefetch(block)
                    return piece
                piece = Piece(lo=piece.lo, hi=min(piece.hi, take.codes.shape[1]), hop=hop, key=key, sound=decoded)
            self._piece_stamp = take.stamp
        self._piece = piece
        return piece

    async def _load(self, take: Take) -> Piece:
        hop = take.meta.hop_length
        lo, hi = self._bounds(take, self._at)
        block = self._block(take, lo, hi)
        if self._piece is None and self._peek(block, take) is None:  # the start: a short piece, for latency
            lo = self._at // hop
            hi = min(lo + FIRST_FRAMES, hi)
            block = self._block(take, lo, hi)
        decoded = self._peek(block, take)
        if decoded is None:
            decoded = (await self._cache.fetch(block)).at_gain(take.gain)
        self._piece_stamp = take.stamp
        return Piece(lo=lo, hi=hi, hop=hop, key=(block.key, take.gain), sound=decoded)

    def _peek(self, block: Block, take: Take) -> Decoded | None:
        """Sound of a block if it needs no decoding: silence, or a cached block."""
        if take.levels == ():
            length = (block.hi - block.lo) * take.meta.hop_length
            return Decoded(np.zeros(length if take.meta.channels == 1 else (2, length), np.float32))
        decoded = self._cache.peek(block)
        return None if decoded is None else decoded.at_gain(take.gain)

    def _join(self, sound: PCM) -> None:
        """Start a crossfade to `sound` if the join with the sound played before would be audible."""
        crossfade = Crossfade(self._continuation, self._played[..., -1:])
        if would_click(self._played, sound) if self._turned else crossfade.is_change(sound):
            self._crossfade = crossfade
        self._turned = False

    def _cut(self, piece: Piece, pcm: PCM) -> Cut:
        if self._crossfade is not None:
            pcm = self._crossfade.apply(pcm)
            if self._crossfade.is_done:
                self._crossfade = None
        cut = Cut(self._at, pcm, False, piece.reduced_db(self._at, self._at + pcm.shape[-1]))
        self._at += pcm.shape[-1]
        self._played = pcm
        self._continuation = piece.from_sample(self._at)[..., :FADE_SAMPLES]
        return cut

    def _look_ahead(self, take: Take, piece: Piece) -> None:
        """Prefetch the piece after this one while this one plays."""
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
        return block_of(take.strand, lo, past, codec=self.codec, levels=take.levels)

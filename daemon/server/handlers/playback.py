"""StartPlayback, TunePlayback and StopPlayback: which player plays what, streamed on credits over aud.

Data flow: a request makes a `Playback` with a task that waits for a credit, asks its `StrandStream` for the next chunk
and sends it. The newest playback of a player supersedes the one before with an empty flush chunk, which costs no
credit, so a full queue never delays a key press. Boundary: `AudSocket` knows connections, this side players.

What can go wrong: a player vanishes (its next chunk, or an empty one sent while it grants nothing, cannot be delivered
and its playback ends), a strand is closed or the engine fails (the last chunk says why), a player says hello a moment
after its client asked to play (the request waits that moment).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

import numpy as np

from daemon.playback.block_cache import MAX_BYTES, PCM, Block, CodecRef, PreviewCache
from daemon.playback.players import ClipPlayback, Playback, Player, Stream, before_of, frames_of, levels_of
from daemon.playback.spans import resized
from daemon.playback.strand_stream import Strands, StrandStream
from daemon.server.library import Library
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.supervision.engine_client import EngineBridge
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.frames import ID_BYTES
from protocol.messages.fields import Done
from protocol.messages.playback import Chunk, PlaybackStarted, StartPlayback, StopPlayback, TunePlayback
from protocol.situations import situation
from protocol.strands import StrandMeta

log = logging.getLogger("allele.playback")

ATTACH_S = 2.0  # how long a request waits for its player's hello
PROBE_S = 1.0  # without a credit for so long, see whether the player is still there
NOTHING = np.zeros((1, 0), np.float32)

SendChunk = Callable[[bytes, Chunk, Array], bool]
FindCodec = Callable[[StrandMeta], Awaitable[CodecRef]]
DecodeBlock = Callable[[Block], Awaitable[PCM]]


class Playbacks:
    """Every player and what it plays. Implements aud's `PlayerHook`; used on the loop's thread only.

    Args:
        strands: where living strands are.
        decode: PCM of a block. find_codec: the codec of a strand, or why there is none.
    """

    def __init__(
        self, strands: Strands, decode: DecodeBlock, find_codec: FindCodec, *, cache_bytes: int = MAX_BYTES
    ) -> None:
        self._strands, self._find_codec = strands, find_codec
        self.cache = PreviewCache(decode, cache_bytes)
        self.players: dict[bytes, Player] = {}
        self._awaited: dict[bytes, asyncio.Event] = {}
        self._numbers = count(1)
        self._send: SendChunk | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, send: SendChunk) -> None:
        """Send chunks through this from now on."""
        self._send = send

    def register(self, table: DispatchTable) -> None:
        """Answer the requests of this module."""
        table.add(StartPlayback, self.start)
        table.add(TunePlayback, self.tune)
        table.add(StopPlayback, self.stop)

    async def close(self) -> None:
        """End every playback and forget the cache."""
        for player in self.players.values():
            self._end(player)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cache.close()

    @property
    def playing(self) -> int:
        """Playbacks under way."""
        return sum(player.playback is not None for player in self.players.values())

    # --- players ---------------------------------------------------------------------------------------------

    def attach(self, cid: bytes, routing_id: bytes) -> None:
        """A player said hello; again, after a reconnection, its playback goes on."""
        player = self.players.setdefault(cid, Player(routing_id))
        player.routing_id = routing_id
        player.revoke()
        if cid in self._awaited:
            self._awaited[cid].set()

    def credit(self, cid: bytes, chunks: int) -> None:
        """A player can take so many more chunks."""
        if cid in self.players:
            self.players[cid].grant(chunks)

    def detach(self, cid: bytes) -> None:
        """A player is gone, and with it what it played."""
        player = self.players.pop(cid, None)
        if player is not None:
            self._end(player)

    # --- requests --------------------------------------------------------------------------------------------

    async def start(self, request: Call[StartPlayback]) -> Reply:
        """StartPlayback."""
        asked: StartPlayback = request.body
        number = next(self._numbers)
        view = self._strands.find(asked.strand)
        frames = frames_of(asked, view.codes.shape[1])
        levels = levels_of(asked.levels, view.codes.shape[0])
        before = before_of(view.meta, request.buffers) if asked.before else None
        codec = await self._find_codec(view.meta)
        player = await self._player(asked.player)  # last: it may come or go while a cold engine loads the codec
        stream = StrandStream(
            self._strands, self.cache, asked.strand, frames, codec=codec, levels=levels, loop=asked.loop
        )
        playback = Playback(number, stream)
        if before is not None:
            await playback.compare(before, True, self._strands, self.cache)
        if number > player.newest:  # else a later request overtook this one while it waited
            self._begin(player, playback, frames.first * view.meta.hop_length)
        return Reply(body=PlaybackStarted(playback=number, strand=asked.strand, frames=frames))

    async def play(self, player_id: bytes, stream: Stream, sample: int) -> int:
        """Play a stream from this sample on in place of what the player plays; the playback's number.

        Raises:
            AlleleError: E_NOT_FOUND: no such player.
        """
        number = next(self._numbers)
        player = await self._player(player_id)
        if number > player.newest:  # as in `start`
            self._begin(player, ClipPlayback(number, stream), sample)
        return number

    async def tune(self, request: Call[TunePlayback]) -> Reply:
        """TunePlayback."""
        asked: TunePlayback = request.body
        player = self.players.get(asked.player)
        playback = player.playback if player is not None else None
        if not isinstance(playback, Playback) or playback.number != asked.playback:
            raise AlleleError("E_NOT_FOUND", f"playback {asked.playback} is over")
        stream = playback.stream
        view = self._strands.find(stream.strand)
        levels = levels_of(asked.levels, view.codes.shape[0])
        before = before_of(view.meta, request.buffers) if request.buffers else stream.comparison
        if asked.before and before is None:
            raise AlleleError("E_BAD_REQUEST", "there is nothing to compare with", hint="send its codes along")
        stream.levels, stream.loop = levels, asked.loop
        if before is not None:
            await playback.compare(before, asked.before, self._strands, self.cache)
        return Reply(body=Done())

    def resized(self, strand: str, lo: int, before: int, after: int) -> None:
        """A strand changed its length: `before` frames from `lo` on gave place to `after`. What plays there follows."""
        for player in self.players.values():
            playback = player.playback
            if isinstance(playback, Playback) and playback.stream.strand == strand:
                stream = playback.stream
                stream.frames = resized(stream.frames, lo, before, after)

    def edited(self, strand: str) -> None:
        """A strand sounds otherwise: what it is compared with is matched to it anew."""
        for player in self.players.values():
            playback = player.playback
            if isinstance(playback, Playback) and playback.stream.strand == strand and playback.stream.comparison:
                self._spawn(playback.match(self._strands, self.cache))

    async def stop(self, request: Call[StopPlayback]) -> Reply:
        """StopPlayback; no error when nothing plays."""
        asked: StopPlayback = request.body
        player = self.players.get(asked.player)
        if player is not None:
            player.newest = next(
                self._numbers
            )  # what was asked earlier and waits for its codec does not begin after this
        playback = player.playback if player is not None else None
        if player is None or playback is None:
            return Reply(body=Done(detail="nothing was playing"))
        self._end(player)
        self._say(player, Chunk(playback=playback.number, index=playback.sent + 1, sample=0, flush=True, last=True))
        return Reply(body=Done())

    async def _player(self, cid: bytes) -> Player:
        if len(cid) != ID_BYTES:
            raise AlleleError("E_BAD_REQUEST", f"a player's id has {ID_BYTES} bytes, not {len(cid)}")
        if cid not in self.players:
            arrived = self._awaited.setdefault(cid, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(arrived.wait(), ATTACH_S)
            self._awaited.pop(cid, None)
        player = self.players.get(cid)
        if player is None:
            hint = "its status says why: most often there is no sound device; allele doctor"
            raise AlleleError("E_NOT_FOUND", "that player is not connected", hint=hint)
        return player

    # --- streaming -------------------------------------------------------------------------------------------

    def _begin(self, player: Player, playback: Playback | ClipPlayback, sample: int) -> None:
        """Supersede what the player plays: silence the old at once, then stream the new."""
        self._end(player)
        player.newest = playback.number
        self._say(player, Chunk(playback=playback.number, index=0, sample=sample, flush=True))
        player.playback = playback
        playback.task = self._spawn(self._run(player, playback))

    async def _run(self, player: Player, playback: Playback | ClipPlayback) -> None:
        """Send chunks as credits come, until the end, an error, or the player's."""
        error = ""
        try:
            while True:
                if not await player.wait_for_credit(PROBE_S):
                    if not self._probe(player, playback):
                        break
                    continue
                cut = await playback.stream.next()
                playback.sent += 1
                player.credits -= bool(cut.pcm.size)  # an empty chunk costs none
                chunk = Chunk(playback=playback.number, index=playback.sent, sample=cut.sample, last=cut.last)
                if not self._say(player, chunk, np.atleast_2d(cut.pcm)) or cut.last:
                    break
        except Exception as problem:
            known = situation(problem)
            if known is None:
                log.exception("playback %d", playback.number)
            error = str(known or "a defect of the daemon; its log has the details")
        if error:
            last = Chunk(playback=playback.number, index=playback.sent + 1, sample=0, last=True, error=error[:500])
            self._say(player, last)
        if player.playback is playback:
            player.playback = None

    def _probe(self, player: Player, playback: Playback | ClipPlayback) -> bool:
        """Whether the player can still be reached: an empty chunk costs it nothing."""
        return self._say(player, Chunk(playback=playback.number, index=playback.sent, sample=0))

    def _say(self, player: Player, chunk: Chunk, pcm: Array = NOTHING) -> bool:
        return self._send is not None and self._send(player.routing_id, chunk, pcm)

    def _end(self, player: Player) -> None:
        playback, player.playback = player.playback, None
        if playback is not None and playback.task is not None:
            playback.task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def open_playbacks(
    table: DispatchTable, strands: StrandBook, library: Library, engine: EngineBridge, aud: AudSocket
) -> Playbacks:
    """Playback over the broker's parts: answers its requests and hears of players. Close it before the engine."""

    async def find_codec(meta: StrandMeta) -> CodecRef:
        model = await library.model_of(meta)
        return CodecRef(model.name, await engine.margin(model.name, model.codec_id))

    async def decode(block: Block) -> PCM:
        wanted = (block.codes, block.lo, block.hi, block.levels, block.gain_db)
        return await engine.decode(block.model, block.codec_id, *wanted)

    playbacks = Playbacks(strands, decode, find_codec)
    playbacks.serve(aud.send_chunk)
    playbacks.register(table)
    strands.watch(playbacks)
    aud.hook = playbacks
    return playbacks

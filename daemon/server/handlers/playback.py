"""Handlers of StartPlayback, TunePlayback and StopPlayback, and the streams of chunks to players over aud.

Data flow: a request creates a `Playback` with a task that waits for a credit, gets the next chunk from its
`StrandStream` and sends it. A new playback of a player replaces the previous one with an empty flush chunk, which costs
no credit, so a full queue never delays a key press. Boundary: `AudSocket` manages connections, this module players.

What can go wrong: a player disappears (a chunk to it cannot be delivered, and its playback ends), a strand is closed or
the engine fails (the last chunk contains the error), or a player's hello arrives after its client's request (the
request waits for ATTACH_S).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

import numpy as np

from daemon.dsp.audio import Decoded
from daemon.dsp.loudness import MomentaryMeter
from daemon.playback.block_cache import MAX_BYTES, Block, CodecRef, PreviewCache
from daemon.playback.players import ClipPlayback, Playback, Player, Stream, before_of, frames_of, levels_of
from daemon.playback.spans import resized
from daemon.playback.strand_stream import Strands, StrandStream
from daemon.server.library import Library
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.supervision.engine_client import EngineClient
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.frames import ID_BYTES
from protocol.messages.fields import Done
from protocol.messages.playback import Chunk, PlaybackStarted, StartPlayback, StopPlayback, TunePlayback
from protocol.situations import situation
from protocol.strands import StrandMeta

log = logging.getLogger("allele.playback")

ATTACH_S = 2.0  # the time that a request waits for the hello of its player
PROBE_S = 1.0  # after this long without a credit, check that the player is still connected
NOTHING = np.zeros((1, 0), np.float32)

SendChunk = Callable[[bytes, Chunk, Array], bool]
FindCodec = Callable[[StrandMeta], Awaitable[CodecRef]]
DecodeBlock = Callable[[Block], Awaitable[Decoded]]


class Playbacks:
    """All players and what they play. It implements aud's `PlayerHook`. Use it on the loop's thread.

    Args:
        strands: the open strands.
        decode: returns the sound of a block. find_codec: returns the codec of a strand, or raises the reason.
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
        """Set the function that sends chunks to players."""
        self._send = send

    def register(self, table: DispatchTable) -> None:
        """Register the handlers of this module."""
        table.add(StartPlayback, self.start)
        table.add(TunePlayback, self.tune)
        table.add(StopPlayback, self.stop)

    async def close(self) -> None:
        """End all playbacks and clear the cache."""
        for player in self.players.values():
            self._end(player)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cache.close()

    @property
    def playing(self) -> int:
        """The number of running playbacks."""
        return sum(player.playback is not None for player in self.players.values())

    # --- players ---------------------------------------------------------------------------------------------

    def attach(self, cid: bytes, routing_id: bytes) -> None:
        """Add a player that sent hello. If it has reconnected, its playback continues."""
        player = self.players.setdefault(cid, Player(routing_id))
        player.routing_id = routing_id
        player.revoke()
        if cid in self._awaited:
            self._awaited[cid].set()

    def credit(self, cid: bytes, chunks: int) -> None:
        """Let a player receive this many more chunks."""
        if cid in self.players:
            self.players[cid].grant(chunks)

    def detach(self, cid: bytes) -> None:
        """Remove a player that has disconnected, and end its playback."""
        player = self.players.pop(cid, None)
        if player is not None:
            self._end(player)

    # --- requests --------------------------------------------------------------------------------------------

    async def start(self, request: Call[StartPlayback]) -> Reply:
        """Play frames of a strand in place of what the player plays."""
        body: StartPlayback = request.body
        number = next(self._numbers)
        view = self._strands.find(body.strand)
        frames = frames_of(body, view.codes.shape[1])
        levels = levels_of(body.levels, view.codes.shape[0])
        before = before_of(view.meta, request.buffers) if body.before else None
        codec = await self._find_codec(view.meta)
        player = await self._player(body.player)  # last: it may connect or disconnect while the engine loads the codec
        stream = StrandStream(
            self._strands, self.cache, body.strand, frames, codec=codec, levels=levels, loop=body.loop
        )
        playback = Playback(number, stream)
        if before is not None:
            await playback.compare(before, True, self._strands, self.cache)
        if number > player.newest:  # otherwise a later request has replaced this one while it waited
            self._begin(player, playback, frames.first * view.meta.hop_length)
        return Reply(body=PlaybackStarted(playback=number, strand=body.strand, frames=frames))

    async def play(self, player_id: bytes, stream: Stream, sample: int) -> int:
        """Play a stream from a sample on, in place of what the player plays. Returns the playback's number.

        Raises:
            AlleleError: E_NOT_FOUND if the player is not connected.
        """
        number = next(self._numbers)
        player = await self._player(player_id)
        if number > player.newest:  # as in `start`
            self._begin(player, ClipPlayback(number, stream), sample)
        return number

    async def tune(self, request: Call[TunePlayback]) -> Reply:
        """Change the levels, the loop or the comparison of a running playback."""
        body: TunePlayback = request.body
        player = self.players.get(body.player)
        playback = player.playback if player is not None else None
        if not isinstance(playback, Playback) or playback.number != body.playback:
            raise AlleleError("E_NOT_FOUND", f"playback {body.playback} is over")
        stream = playback.stream
        view = self._strands.find(stream.strand)
        levels = levels_of(body.levels, view.codes.shape[0])
        before = before_of(view.meta, request.buffers) if request.buffers else stream.comparison
        if body.before and before is None:
            raise AlleleError(
                "E_BAD_REQUEST", "there is nothing to compare with", hint="send its codes with the request"
            )
        stream.levels, stream.loop = levels, body.loop
        if before is not None:
            await playback.compare(before, body.before, self._strands, self.cache)
        return Reply(body=Done())

    def resized(self, strand: str, lo: int, before: int, after: int) -> None:
        """Adjust playbacks of a strand in which `before` frames from `lo` on were replaced by `after` frames."""
        for player in self.players.values():
            playback = player.playback
            if isinstance(playback, Playback) and playback.stream.strand == strand:
                stream = playback.stream
                stream.frames = resized(stream.frames, lo, before, after)

    def edited(self, strand: str) -> None:
        """Match the loudness of comparisons again after a strand was edited."""
        for player in self.players.values():
            playback = player.playback
            if isinstance(playback, Playback) and playback.stream.strand == strand and playback.stream.comparison:
                self._spawn(playback.match(self._strands, self.cache))

    async def stop(self, request: Call[StopPlayback]) -> Reply:
        """Stop the playback of a player. It is not an error if nothing plays."""
        body: StopPlayback = request.body
        player = self.players.get(body.player)
        if player is not None:
            # a request that came earlier and still waits for its codec does not start after this
            player.newest = next(self._numbers)
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
            hint = "the usual cause is that there is no sound device; check with: allele doctor"
            raise AlleleError("E_NOT_FOUND", "that player is not connected", hint=hint)
        return player

    # --- streaming -------------------------------------------------------------------------------------------

    def _begin(self, player: Player, playback: Playback | ClipPlayback, sample: int) -> None:
        """Replace what the player plays: silence the old playback at once, then stream the new one."""
        self._end(player)
        player.newest = playback.number
        self._say(player, Chunk(playback=playback.number, index=0, sample=sample, flush=True))
        player.playback = playback
        playback.task = self._spawn(self._run(player, playback))

    async def _run(self, player: Player, playback: Playback | ClipPlayback) -> None:
        """Send chunks as credits arrive, until the playback ends or fails or the player disconnects."""
        error, meter = "", MomentaryMeter()
        try:
            while True:
                if not await player.wait_for_credit(PROBE_S):
                    if not self._probe(player, playback):
                        break
                    continue
                cut = await playback.stream.next()
                playback.sent += 1
                player.credits -= bool(cut.pcm.size)  # an empty chunk costs no credit
                meter.add(cut.pcm)
                chunk = Chunk(
                    playback=playback.number,
                    index=playback.sent,
                    sample=cut.sample,
                    last=cut.last,
                    lufs=round(meter.lufs, 1),
                    reduced_db=round(cut.reduced_db, 1),
                )
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
        """Whether the player is still connected. It sends an empty chunk, which costs no credit."""
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
    table: DispatchTable, strands: StrandBook, library: Library, engine: EngineClient, aud: AudSocket
) -> Playbacks:
    """Create the playbacks, and connect them to the broker's parts. Close them before the engine."""

    async def find_codec(meta: StrandMeta) -> CodecRef:
        model = await library.model_of(meta)
        return CodecRef(model.name, await engine.margin(model.name, model.codec_id))

    async def decode(block: Block) -> Decoded:
        wanted = (block.codes, block.lo, block.hi, block.levels, block.gains_db)
        return await engine.decode(block.model, block.codec_id, *wanted)

    playbacks = Playbacks(strands, decode, find_codec)
    playbacks.serve(aud.send_chunk)
    playbacks.register(table)
    strands.watch(playbacks)
    aud.hook = playbacks
    return playbacks

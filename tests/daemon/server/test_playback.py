"""Playback over a real aud socket: credits, supersession, stops, players that vanish, requests that cannot be met."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
import zmq.asyncio

from daemon.dsp.audio import Decoded
from daemon.playback.block_cache import Block, CodecRef
from daemon.server.handlers.playback import Playbacks
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.dispatch import Call
from daemon.server.wire.rejected_messages import RejectedMessages
from daemon.server.wire.sockets import Port, bind_router
from protocol.columns import encoded_columns
from protocol.errors import AlleleError
from protocol.frames import Header, Kind, pack, unpack, unpack_body
from protocol.messages.fields import Done
from protocol.messages.playback import Chunk, Credit, PlaybackStarted, StartPlayback, StopPlayback, TunePlayback
from protocol.messages.session import Hello
from protocol.ranges import FrameRange
from protocol.strands import Strand, StrandMeta, as_encoded
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN

HOP, FRAMES, LEVELS = 1024, 120, 2
SAMPLES = FRAMES * HOP - 100


@dataclass(frozen=True)
class View:
    """A strand at one revision."""

    strand: Strand
    meta: StrandMeta
    codes: np.ndarray
    rev: int = 0


class Shelf:
    """One strand, "s"; its sound is the number of the frame, so that places can be read off the PCM."""

    def __init__(self) -> None:
        codes = np.tile(np.arange(FRAMES, dtype=np.uint16), (LEVELS, 1))
        meta = StrandMeta(
            name="a", model="m", codec_id="c" * 64, levels=LEVELS, codebook=1024, frames=FRAMES, samples=SAMPLES
        )
        self.strands = {"s": View(as_encoded(meta, codes), meta, codes)}
        self.problem: AlleleError | None = None

    def find(self, strand: str) -> View:
        if strand not in self.strands:
            raise AlleleError("E_NOT_FOUND", f"no strand is called {strand}")
        return self.strands[strand]

    async def decode(self, block: Block) -> Decoded:
        if self.problem is not None:
            raise self.problem
        return Decoded(np.repeat(block.codes[0, block.lo : block.hi].astype(np.float32) / 1024, HOP))

    async def find_codec(self, meta: StrandMeta) -> CodecRef:
        return CodecRef(meta.model, 2)


class TestPlayer:
    """A player's end of the socket, driven by hand."""

    __test__ = False

    def __init__(self, endpoint: str) -> None:
        self.cid = os.urandom(16)
        self._context = zmq.asyncio.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.set(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.chunks: list[tuple[Chunk, np.ndarray]] = []

    async def say(self, kind: Kind, body: object = None) -> None:
        frames = pack(kind, Header(op=kind.name.title(), id=os.urandom(16), cid=self.cid), body)
        await self.socket.send_multipart(frames)

    async def hello(self) -> None:
        await self.say(Kind.HELLO, Hello(proto=(PROTOCOL_MIN, PROTOCOL_MAX), client="player"))
        assert unpack(await self.socket.recv_multipart()).kind is Kind.WELCOME

    async def grant(self, chunks: int) -> None:
        await self.say(Kind.CREDIT, Credit(chunks=chunks))

    async def drain(self, quiet_s: float = 0.06) -> list[tuple[Chunk, np.ndarray]]:
        """Everything that comes until it is quiet."""
        new: list[tuple[Chunk, np.ndarray]] = []
        while await self.socket.poll(quiet_s * 1000):
            message = unpack(await self.socket.recv_multipart())
            assert message.kind is Kind.CHUNK
            new.append((unpack_body(message.body, Chunk), message.buffers[0]))
        self.chunks += new
        return new

    def vanish(self) -> None:
        self._context.destroy(linger=0)


class Broker:
    """The real aud socket and the real playbacks over a shelf."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint, self.shelf = endpoint, Shelf()
        self.now_s = 0.0
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.aud = AudSocket(RejectedMessages(), lambda: ("epoch", 0), lambda: time.monotonic() + self.now_s)
        self.playbacks = Playbacks(self.shelf, self.shelf.decode, self.shelf.find_codec)
        self.aud.hook = self.playbacks
        self.playbacks.serve(self.aud.send_chunk)
        self._port = Port(bind_router(self._context, endpoint), self.aud.on_message)
        self.aud.serve(self._port)

    async def play(self, to: TestPlayer, **fields: object) -> PlaybackStarted:
        body = StartPlayback(**{"player": to.cid, "strand": "s", **fields})
        reply = await self.playbacks.start(Call(op="StartPlayback", body=body))
        assert isinstance(reply.body, PlaybackStarted)
        return reply.body

    async def tune(self, player: TestPlayer, playback: int, *codes: np.ndarray, **fields: object) -> None:
        body = TunePlayback(**{"player": player.cid, "playback": playback, **fields})
        buffers = [array for one in codes for array in (one, encoded_columns(one.shape[1], HOP, 0.0))]
        reply = await self.playbacks.tune(Call(op="TunePlayback", body=body, buffers=buffers))
        assert isinstance(reply.body, Done)

    def gains(self, player: TestPlayer) -> tuple[float, float]:
        playback = self.playbacks.players[player.cid].playback
        assert playback is not None and playback.stream.comparison is not None
        return playback.stream.comparison.gains

    async def stop(self, player: TestPlayer) -> None:
        reply = await self.playbacks.stop(Call(op="StopPlayback", body=StopPlayback(player=player.cid)))
        assert isinstance(reply.body, Done)

    async def close(self) -> None:
        await self.playbacks.close()
        self._port.close()
        self._context.term()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(f"ipc://{tmp_path}/aud.sock")
    yield broker
    await broker.close()


@pytest.fixture
async def new_player(broker: Broker) -> AsyncIterator[Callable[[], TestPlayer]]:
    players: list[TestPlayer] = []

    def make() -> TestPlayer:
        players.append(TestPlayer(broker.endpoint))
        return players[-1]

    yield make
    for player in players:
        player.vanish()


NewPlayer = Callable[[], TestPlayer]


def sounding(chunks: list[tuple[Chunk, np.ndarray]]) -> list[tuple[Chunk, np.ndarray]]:
    return [(chunk, pcm) for chunk, pcm in chunks if pcm.size]


async def test_chunks_come_as_credits_do(broker: Broker, new_player: NewPlayer) -> None:
    """Never one more than granted; everything arrives, in order, to the strand's exact end."""
    player = new_player()
    await player.hello()
    assert (await broker.play(player)).frames == FrameRange(0, FRAMES)
    opening = await player.drain()
    assert [(chunk.flush, pcm.size) for chunk, pcm in opening] == [(True, 0)]
    granted = 0
    while not (player.chunks and player.chunks[-1][0].last):
        await player.grant(7)
        granted += 7
        await player.drain(0.03)
        assert len(sounding(player.chunks)) <= granted
        assert granted < 300
    pcm = np.concatenate([pcm[0] for _, pcm in player.chunks])
    np.testing.assert_allclose(pcm, np.repeat(np.arange(FRAMES) / 1024, HOP)[:SAMPLES], atol=1e-6)
    assert [chunk.index for chunk, _ in player.chunks] == list(range(len(player.chunks)))
    assert max(pcm.size for _, pcm in player.chunks) == 960
    assert broker.playbacks.playing == 0


async def test_a_full_queue_does_not_delay_the_next_playback(broker: Broker, new_player: NewPlayer) -> None:
    """Without a credit left the flush still comes; the old playback sends nothing after it."""
    player = new_player()
    await player.hello()
    await player.grant(10)
    first = await broker.play(player)
    assert len(sounding(await player.drain())) == 10
    second = await broker.play(player, frames=FrameRange(50, 60))
    [(flush, nothing)] = await player.drain()
    assert (flush.flush, flush.playback, nothing.size) == (True, second.playback, 0)
    assert second.playback > first.playback
    await player.grant(10)
    chunks = sounding(await player.drain())
    assert {chunk.playback for chunk, _ in chunks} == {second.playback}
    assert chunks[0][0].sample == 50 * HOP
    assert broker.playbacks.playing == 1


async def test_stop_flushes_and_frees(broker: Broker, new_player: NewPlayer) -> None:
    """One empty chunk: flush and last. Credits that are left stay good for the next playback."""
    player = new_player()
    await player.hello()
    await broker.play(player)
    await player.grant(3)
    await player.drain()
    await player.grant(5)
    await broker.stop(player)
    stop, nothing = (await player.drain())[-1]
    assert stop.flush
    assert stop.last
    assert nothing.size == 0
    assert broker.playbacks.playing == 0
    await broker.stop(player)
    assert await player.drain() == []


async def test_two_players_play_at_once(broker: Broker, new_player: NewPlayer) -> None:
    """Each its own place, each at its own pace."""
    one, two = new_player(), new_player()
    for player in (one, two):
        await player.hello()
    await broker.play(one, frames=FrameRange(0, 10), loop=True)
    await broker.play(two, frames=FrameRange(100))
    await one.grant(40)
    await two.grant(2)
    ours, theirs = sounding(await one.drain()), sounding(await two.drain())
    assert len(ours) == 40
    assert max(chunk.sample for chunk, _ in ours) < 10 * HOP
    assert [chunk.sample for chunk, _ in theirs] == [100 * HOP, 100 * HOP + 960]
    assert broker.playbacks.playing == 2


async def test_a_player_that_vanishes_ends_its_playback(
    broker: Broker, new_player: NewPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noticed by a probe even when it has no credit left, and by silence on aud."""
    monkeypatch.setattr("daemon.server.handlers.playback.PROBE_S", 0.2)
    player = new_player()
    await player.hello()
    await broker.play(player)
    await player.grant(1)
    await player.drain()
    assert broker.playbacks.playing == 1
    player.vanish()
    deadline_s = time.monotonic() + 3
    while broker.playbacks.playing and time.monotonic() < deadline_s:
        await asyncio.sleep(0.02)
    assert broker.playbacks.playing == 0
    broker.now_s = 60
    broker.aud.sweep()
    assert len(broker.aud) == 0


async def test_a_silent_player_is_told_when_it_wakes(broker: Broker, new_player: NewPlayer) -> None:
    """One that was stopped (Ctrl-Z) and taken for lost gets an error to its ping, and may say hello again."""
    player = new_player()
    await player.hello()
    broker.now_s = 60
    broker.aud.sweep()
    await player.say(Kind.PING)
    assert unpack(await player.socket.recv_multipart()).kind is Kind.ERR
    await player.hello()
    await player.say(Kind.PING)
    assert unpack(await player.socket.recv_multipart()).kind is Kind.PONG


async def test_a_second_hello_voids_credits(broker: Broker, new_player: NewPlayer) -> None:
    """What was granted on a connection that broke is not sent into the new one."""
    player = new_player()
    await player.hello()
    await player.grant(30)
    await player.hello()
    await broker.play(player)
    assert sounding(await player.drain()) == []
    await player.grant(2)
    assert len(sounding(await player.drain())) == 2


async def test_an_engine_that_fails_ends_it_with_a_reason(broker: Broker, new_player: NewPlayer) -> None:
    """The last chunk says why, whether or not there are credits."""
    player = new_player()
    await player.hello()
    broker.shelf.problem = AlleleError("E_ENGINE", "the engine died during decode")
    await broker.play(player)
    await player.grant(1)
    last, _ = (await player.drain())[-1]
    assert last.last
    assert last.error == "the engine died during decode"
    assert broker.playbacks.playing == 0


async def test_a_strand_closed_while_it_plays_ends_it(broker: Broker, new_player: NewPlayer) -> None:
    """What is queued plays out, then the reason."""
    player = new_player()
    await player.hello()
    await broker.play(player)
    await player.grant(2)
    await player.drain()
    broker.shelf.strands.clear()
    await player.grant(1)
    last, _ = (await player.drain())[-1]
    assert last.last
    assert not last.flush
    assert "no strand" in last.error


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"strand": "other"}, "E_NOT_FOUND"),
        ({"frames": FrameRange(0, FRAMES + 1)}, "E_RANGE"),
        ({"frames": FrameRange(7, 7)}, "E_RANGE"),
        ({"frames": FrameRange(-3, 7)}, "E_RANGE"),
        ({"levels": [0, LEVELS]}, "E_RANGE"),
        ({"player": b"short"}, "E_BAD_REQUEST"),
    ],
)
async def test_what_cannot_be_played_is_refused(
    broker: Broker, new_player: NewPlayer, fields: dict[str, object], code: str
) -> None:
    """And what plays goes on."""
    player = new_player()
    await player.hello()
    await broker.play(player)
    with pytest.raises(AlleleError) as caught:
        await broker.play(player, **fields)
    assert caught.value.code == code
    assert broker.playbacks.playing == 1


async def test_a_player_may_come_a_moment_after_the_request(
    broker: Broker, new_player: NewPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that starts its player and asks at once is not refused; one without a player is, after a while."""
    player = new_player()
    asking = asyncio.create_task(broker.play(player))
    await asyncio.sleep(0.05)
    await player.hello()
    await asyncio.wait_for(asking, 1)
    monkeypatch.setattr("daemon.server.handlers.playback.ATTACH_S", 0.05)
    with pytest.raises(AlleleError, match="not connected") as caught:
        await broker.play(new_player())
    assert caught.value.code == "E_NOT_FOUND"
    assert "allele doctor" in caught.value.hint


async def test_a_playback_is_tuned_while_it_plays(broker: Broker, new_player: NewPlayer) -> None:
    """From the next chunk on: silence, then the codes it is compared with, then the strand again."""
    player = new_player()
    await player.hello()
    started = await broker.play(player, frames=FrameRange(40))
    await player.grant(3)
    await player.drain()
    await broker.tune(player, started.playback, levels=[])
    await player.grant(2)
    [(_, fading), (_, silent)] = sounding(await player.drain())
    assert fading[0, 0] > 0
    assert not silent.any()
    other = np.full((LEVELS, FRAMES), 100, np.uint16)
    await broker.tune(player, started.playback, other, before=True)
    for _ in range(3):  # one to notice, one to fade
        await player.grant(1)
        await player.drain()
    gains = broker.gains(player)
    assert player.chunks[-1][1][0, -1] == pytest.approx(100 / 1024 * gains[1])
    await broker.tune(player, started.playback)
    for _ in range(3):
        await player.grant(1)
        await player.drain()
    chunk, pcm = player.chunks[-1]
    assert pcm[0, 0] == pytest.approx(chunk.sample // HOP / 1024 * gains[0])
    assert min(gains) < 0.9 < max(gains)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"playback": 99}, "E_NOT_FOUND"),
        ({"levels": [LEVELS]}, "E_RANGE"),
        ({"before": True}, "E_BAD_REQUEST"),
        ({"before": True, "codes": np.zeros((LEVELS + 1, 4), np.uint16)}, "E_BAD_REQUEST"),
        ({"before": True, "codes": np.zeros((LEVELS, 0), np.uint16)}, "E_BAD_REQUEST"),
        ({"before": True, "codes": np.full((LEVELS, 4), 1024, np.uint16)}, "E_BAD_REQUEST"),
        ({"before": True, "codes": np.zeros((LEVELS, 4), np.float32)}, "E_BAD_REQUEST"),
    ],
)
async def test_what_cannot_be_tuned_is_refused(
    broker: Broker, new_player: NewPlayer, fields: dict[str, Any], code: str
) -> None:
    """And what plays goes on as it was."""
    player = new_player()
    await player.hello()
    started = await broker.play(player)
    codes = [fields.pop("codes")] if "codes" in fields else []
    with pytest.raises(AlleleError) as caught:
        await broker.tune(player, fields.pop("playback", started.playback), *codes, **fields)
    assert caught.value.code == code
    assert broker.playbacks.playing == 1


async def test_a_stop_also_stops_what_is_only_about_to_begin(
    broker: Broker, new_player: NewPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that waits for a cold engine when everything is silenced does not begin to play later."""
    player = new_player()
    await player.hello()
    loaded = asyncio.Event()

    async def slowly(meta: StrandMeta) -> CodecRef:
        await loaded.wait()
        return CodecRef(meta.model, 2)

    monkeypatch.setattr(broker.playbacks, "_find_codec", slowly)
    asking = asyncio.create_task(broker.play(player))
    await asyncio.sleep(0.01)
    await broker.stop(player)
    loaded.set()
    await asking
    assert broker.playbacks.playing == 0


async def test_a_loop_is_left_and_entered_while_it_plays(broker: Broker, new_player: NewPlayer) -> None:
    player = new_player()
    await player.hello()
    started = await broker.play(player, frames=FrameRange(0, 4))
    await broker.tune(player, started.playback, loop=True)
    await player.grant(12)
    assert len({chunk.sample for chunk, _ in sounding(await player.drain())}) < 12, "it came round"
    await broker.tune(player, started.playback)
    await player.grant(12)
    await player.drain()
    assert player.chunks[-1][0].last

"""The client against a scripted daemon on real sockets: what a well-behaved broker cannot be made to do on demand."""

import asyncio
import gc
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from protocol.errors import AlleleError
from protocol.frames import Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.events import JobLogged
from protocol.messages.fields import Done
from protocol.messages.jobs import CancelJob
from protocol.messages.session import GetSnapshot, GetStatus, Limits, Snapshot, Status, StopDaemon, Welcome
from protocol.places import Places
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN
from tui.transport.client import Client, Event

STATUS = Status(pid=1, uptime_s=0.0, device="", jobs=0, clients=0, endpoint="", version="0")
LIMITS = Limits(header_bytes=1, body_bytes=1, buffers=1, buffer_bytes=1, chunk_bytes=1)


class ScriptedDaemon:
    """ctl and evt sockets that answer hello, ping, status and snapshot; `silent` requests stay unanswered."""

    def __init__(self, places: Places, epoch: str = "e1") -> None:
        self.epoch, self.seq = epoch, 0
        self.requests: list[Message] = []
        self.silent: set[str] = set()
        self.pings = 0
        self._context = zmq.asyncio.Context()
        self._ctl = self._context.socket(zmq.ROUTER)
        self._evt = self._context.socket(zmq.XPUB)
        self._evt.set(zmq.XPUB_WELCOME_MSG, b"AL-welcome")
        for socket in (self._ctl, self._evt):
            socket.set(zmq.LINGER, 0)
        self._ctl.bind(places.endpoint.address("ctl"))
        self._evt.bind(places.endpoint.address("evt"))
        # An XPUB that nobody reads sends no welcome: libzmq handles subscriptions inside the socket's own calls.
        self._tasks = [asyncio.create_task(self._serve()), asyncio.create_task(self._read_subscriptions())]

    async def _read_subscriptions(self) -> None:
        while True:
            await self._evt.recv()

    async def _serve(self) -> None:
        while True:
            peer, *parts = await self._ctl.recv_multipart()
            message = unpack(parts)
            op = message.header.op
            if message.kind is Kind.PING:
                self.pings += 1
                await self._reply(peer, message, Kind.PONG, None)
                continue
            self.requests.append(message)
            if op in self.silent:
                continue
            if message.kind is Kind.HELLO:
                await self._reply(
                    peer, message, Kind.WELCOME, Welcome(proto=1, epoch=self.epoch, seq=self.seq, limits=LIMITS)
                )
            elif op == "GetSnapshot":
                body = Snapshot(
                    epoch=self.epoch, seq=self.seq, status=STATUS, jobs=[], corpora=[], models=[], strands=[]
                )
                await self._reply(peer, message, Kind.REP, body)
            elif op == "GetStatus":
                await self._reply(peer, message, Kind.REP, STATUS)
            elif op == "CancelJob":
                await self._reply(peer, message, Kind.ERR, AlleleError("E_NOT_FOUND", "no job", hint="list").body())
            else:
                await self._reply(peer, message, Kind.REP, Done())

    async def _reply(self, peer: bytes, to: Message, kind: Kind, body: object) -> None:
        header = Header(op=to.header.op, re=to.header.id)
        await self._ctl.send_multipart([peer, *pack(kind, header, body)])

    async def publish(self, text: str, *, skip: int = 0) -> None:
        self.seq += 1 + skip
        header = Header(op="JobLogged", epoch=self.epoch, seq=self.seq)
        await self._evt.send_multipart(pack(Kind.EVT, header, JobLogged(job="j", text=text)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._context.destroy(linger=0)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    # pytest's own folders are too deep for a unix socket's 107 bytes
    with tempfile.TemporaryDirectory(prefix="allele-") as run:
        yield Places(home=tmp_path, run=Path(run))


@pytest.fixture
async def daemon(places: Places) -> AsyncIterator[ScriptedDaemon]:
    scripted = ScriptedDaemon(places)
    yield scripted
    await scripted.close()


async def until(condition: object, timeout_s: float = 5.0) -> None:
    """Wait for a callable to become true."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_answers_find_their_requests(places: Places, daemon: ScriptedDaemon) -> None:
    async with Client(places.endpoint) as client:
        status, snapshot = await asyncio.gather(client.request(GetStatus()), client.request(GetSnapshot()))
        assert isinstance(status.body, Status)
        assert isinstance(snapshot.body, Snapshot)
        with pytest.raises(AlleleError) as refusal:
            await client.request(CancelJob(job="x"))
        assert (refusal.value.code, refusal.value.hint) == ("E_NOT_FOUND", "list")


async def test_nobody_there_is_said_and_not_waited_for(places: Places) -> None:
    client = Client(places.endpoint)
    with pytest.raises(AlleleError) as refusal:
        await client.open()
    await client.close()
    assert refusal.value.code == "E_UNAVAILABLE"


async def test_a_request_without_answer_meets_its_deadline(places: Places, daemon: ScriptedDaemon) -> None:
    daemon.silent.add("StopDaemon")
    async with Client(places.endpoint) as client:
        with pytest.raises(AlleleError) as refusal:
            await client.request(StopDaemon(), timeout_s=0.2)
    assert refusal.value.code == "E_DEADLINE"
    assert daemon.requests[-1].header.deadline_ms == 200


async def test_a_gap_in_the_events_fetches_a_snapshot(places: Places, daemon: ScriptedDaemon) -> None:
    events: list[Event] = []
    snapshots: list[Snapshot] = []
    async with Client(places.endpoint) as client:
        first = await client.subscribe(events.append, snapshots.append)
        assert first.seq == 0
        await daemon.publish("one")
        await until(lambda: len(events) == 1)
        await daemon.publish("lost two", skip=2)
        await until(lambda: len(snapshots) == 2)
        await daemon.publish("five")
        await until(lambda: len(events) == 2)
    assert [event.body.text for event in events] == ["one", "five"]
    assert snapshots[1].seq == 4


async def test_who_only_listens_goes_on_pinging(places: Places, daemon: ScriptedDaemon) -> None:
    async with Client(places.endpoint) as client:
        await client.subscribe(lambda _: None, lambda _: None)
        async with asyncio.timeout(5.0):
            while daemon.pings < 2:
                await daemon.publish("a step")
                await asyncio.sleep(0.05)


async def test_events_older_than_the_snapshot_are_dropped(places: Places, daemon: ScriptedDaemon) -> None:
    events: list[Event] = []
    async with Client(places.endpoint) as client:
        await client.subscribe(events.append, lambda _: None)
        daemon.seq = 10
        await daemon.publish("eleven")  # a gap: the snapshot covers 11 already
        await asyncio.sleep(0.2)
        daemon.seq = 9
        await daemon.publish("ten again")
        await daemon.publish("eleven again")
        await daemon.publish("twelve")
        await until(lambda: bool(events))
    assert [event.body.text for event in events] == ["twelve"]


async def test_a_restart_resends_under_the_same_id_and_resyncs(places: Places, daemon: ScriptedDaemon) -> None:
    states: list[str] = []
    snapshots: list[Snapshot] = []
    daemon.silent.add("StopDaemon")
    async with Client(places.endpoint, on_state=states.append) as client:
        await client.subscribe(lambda _: None, snapshots.append)
        asked = asyncio.create_task(client.request(StopDaemon(), timeout_s=10.0))
        await until(lambda: daemon.requests[-1].header.op == "StopDaemon")
        identity = daemon.requests[-1].header.id
        await daemon.close()
        await until(lambda: "lost" in states)
        second = ScriptedDaemon(places, epoch="e2")
        try:
            answer = await asked
            await until(lambda: snapshots[-1].epoch == "e2")
            stops = [m for m in second.requests if m.header.op == "StopDaemon"]
        finally:
            await second.close()
    assert isinstance(answer.body, Done)
    assert [m.header.id for m in stops] == [identity]
    assert stops[0].header.cid == client.client_id
    assert states[:3] == ["connected", "lost", "connected"]


async def test_a_daemon_that_stays_away_fails_what_waits(places: Places, daemon: ScriptedDaemon) -> None:
    daemon.silent.add("StopDaemon")
    async with Client(places.endpoint) as client:
        asked = asyncio.create_task(client.request(StopDaemon(), timeout_s=30.0))
        await until(lambda: daemon.requests[-1].header.op == "StopDaemon")
        await daemon.close()
        with pytest.raises(AlleleError) as refusal:
            await asked
    assert refusal.value.code == "E_UNAVAILABLE"


async def test_closing_ends_a_task_that_swallows_its_cancellation(places: Places, daemon: ScriptedDaemon) -> None:
    """As Python 3.11's wait_for does when the cancellation meets its result; closing hung for good."""
    client = Client(places.endpoint)
    await client.open()
    swallowed = False

    async def stubborn() -> None:
        nonlocal swallowed
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed = True
        await asyncio.sleep(60)

    client._spawn(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(client.close(), 5.0)
    assert swallowed


async def test_reviving_goes_on_until_a_daemon_stays(places: Places, daemon: ScriptedDaemon) -> None:
    """One attempt was made once: a daemon that died before it said welcome was never started again."""
    attempts = 0

    def revive() -> None:
        nonlocal attempts
        attempts += 1

    async with Client(places.endpoint, revive=revive) as client:
        await daemon.close()
        await until(lambda: attempts >= 1)
        mute = ScriptedDaemon(places)
        mute.silent.add("Hello")
        await until(lambda: any(message.kind is Kind.HELLO for message in mute.requests))
        await mute.close()
        seen = attempts
        await until(lambda: attempts >= seen + 2)
        healthy = ScriptedDaemon(places)
        assert isinstance((await client.request(GetStatus(), timeout_s=20)).body, Status)
        await healthy.close()


async def test_a_request_that_fails_while_it_is_being_sent_is_told_once(
    places: Places, daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.transport.client.LIVENESS_S", 0.3)
    monkeypatch.setattr("tui.transport.client.SEND_S", 1.0)
    states: list[str] = []
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with Client(places.endpoint, on_state=states.append) as client:
        await daemon.close()
        await until(lambda: "lost" in states)
        with pytest.raises(AlleleError) as refusal:
            await client.request(StopDaemon())
        assert refusal.value.code == "E_UNAVAILABLE"
    del refusal
    gc.collect()
    await asyncio.sleep(0)
    assert reported == []


async def test_a_request_while_nobody_is_there_never_becomes_a_ghost(places: Places, daemon: ScriptedDaemon) -> None:
    states: list[str] = []
    async with Client(places.endpoint, on_state=states.append) as client:
        await daemon.close()
        await until(lambda: "lost" in states)
        with pytest.raises(AlleleError) as refusal:
            await client.request(StopDaemon())
        assert refusal.value.code == "E_UNAVAILABLE"
        second = ScriptedDaemon(places, epoch="e2")
        try:
            await until(lambda: states[-1] == "connected")
            await client.request(GetStatus())
            assert "StopDaemon" not in [m.header.op for m in second.requests]
        finally:
            await second.close()


async def test_a_hello_names_the_versions(places: Places, daemon: ScriptedDaemon) -> None:
    from protocol.messages.session import Hello

    async with Client(places.endpoint, kind="tui") as client:
        hello = unpack_body(daemon.requests[0].body, Hello)
        assert (hello.proto, hello.client) == ((PROTOCOL_MIN, PROTOCOL_MAX), "tui")
        assert client.welcome is not None
        assert client.welcome.epoch == "e1"

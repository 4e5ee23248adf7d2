"""The client side of the ctl and evt sockets: requests with answers, and events without gaps.

Data flow: `request` packs a body, sends it on a DEALER and waits for the REP or ERR that names its id.
`subscribe` opens a SUB, waits for the publisher's welcome, fetches a snapshot and then passes on events in sequence.
After a gap, a new epoch or a reconnection it passes a new snapshot to `on_resync`. Outside the player, this is the only
module of the TUI that uses ZeroMQ.

What can go wrong: the daemon dies (the socket monitor reports it at once), hangs (no traffic for `LIVENESS_S`), or
restarts. ZeroMQ reconnects by itself. On each new connection the client sends hello and repeats unanswered requests
under the same id, which the broker executes at most once. With ZMQ_IMMEDIATE, requests are not queued for a daemon
that is absent; otherwise they would run after its restart, when nobody waits for them.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Generic, TypeVar, cast

import msgspec
import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from protocol.arrays import Array
from protocol.endpoint import Endpoint
from protocol.errors import AlleleError, ErrorBody
from protocol.frames import MAX_BUFFER_BYTES, Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.fields import Request, Struct
from protocol.messages.registry import EVENTS, REQUESTS
from protocol.messages.session import GetSnapshot, Hello, Snapshot, Welcome
from protocol.version import FEATURES, PROTOCOL_MAX, PROTOCOL_MIN

XPUB_WELCOME = b"AL-welcome"
PING_S = 1.0
LIVENESS_S = 3.0
SEND_S = 2.0
HELLO_S = 5.0
REVIVE_S = 1.0  # between two attempts to find or start a daemon
LOST_S = 10.0  # how long unanswered requests outlive a lost connection


R = TypeVar("R", bound=Struct)


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[R]):
    """A reply: its typed body and the arrays that were sent with it."""

    body: R
    buffers: list[Array]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the sequence. `name` is a key of protocol.messages.registry.EVENTS."""

    name: str
    body: Any
    buffers: list[Array]
    seq: int


@dataclass(kw_only=True)
class _Pending:
    frames: list[bytes | memoryview]
    future: asyncio.Future[Message]


class Client:
    """One client of one daemon, on the running asyncio loop.

    Args:
        endpoint: the daemon's sockets.
        kind: "cli" or "tui", for the daemon's log.
        on_state: called with "connected" and "lost" when the connection changes.
        revive: called in a thread when the connection is lost; may start a new daemon.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        kind: str = "cli",
        *,
        on_state: Callable[[str], None] | None = None,
        revive: Callable[[], object] | None = None,
    ) -> None:
        self.client_id = os.urandom(16)
        self.welcome: Welcome | None = None
        self._endpoint, self._kind = endpoint, kind
        self._on_state, self._revive = on_state, revive
        self._context = zmq.asyncio.Context()
        self._ctl: zmq.asyncio.Socket | None = None
        self._pending: dict[bytes, _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected = asyncio.Event()
        self._state = "new"
        self._heard_s = self._answered_s = time.monotonic()
        self._epoch, self._seq = "", 0
        self._on_event: Callable[[Event], None] | None = None
        self._on_resync: Callable[[Snapshot], None] | None = None
        self._first_snapshot: asyncio.Future[Snapshot] | None = None

    async def open(self) -> Welcome:
        """Connect and exchange hello and welcome.

        Raises:
            AlleleError: E_UNAVAILABLE when no daemon answers, E_VERSION when the protocol versions are incompatible.
        """
        self._open_ctl()
        self._spawn(self._ping_loop())
        return await self._hello()

    async def request(
        self,
        body: Request[R],
        *,
        buffers: Sequence[Array] = (),
        timeout_s: float | None = 30.0,
        request_id: bytes | None = None,
    ) -> Answer[R]:
        """Send a request and wait for its answer. A repeated `request_id` is executed only once.

        Raises:
            AlleleError: the daemon's error; E_DEADLINE after `timeout_s`; E_UNAVAILABLE when not connected.
        """
        name = type(body).__name__
        identity = request_id or os.urandom(16)
        deadline_ms = None if timeout_s is None else int(timeout_s * 1000)
        header = Header(op=name, id=identity, cid=self.client_id, deadline_ms=deadline_ms)
        message = await self._exchange(identity, pack(Kind.REQ, header, body, buffers), timeout_s, name)
        reply = cast(type[R], REQUESTS[name][1])
        return Answer(body=unpack_body(message.body, reply), buffers=message.buffers)

    async def ask(self, body: Request[R], *, timeout_s: float | None = 30.0) -> R:
        """Send a request and return the body of its reply, without arrays. Raises as `request` does."""
        return (await self.request(body, timeout_s=timeout_s)).body

    async def subscribe(
        self, on_event: Callable[[Event], None], on_resync: Callable[[Snapshot], None], *, timeout_s: float = 10.0
    ) -> Snapshot:
        """Start to receive events. Returns the snapshot that they follow, which `on_resync` receives too."""
        self._on_event, self._on_resync = on_event, on_resync
        self._first_snapshot = asyncio.get_running_loop().create_future()
        sub = self._context.socket(zmq.SUB)
        sub.set(zmq.LINGER, 0)
        sub.set(zmq.RCVHWM, 10_000)
        sub.set(zmq.MAXMSGSIZE, MAX_BUFFER_BYTES + 1024)
        sub.set(zmq.RECONNECT_IVL, 50)
        sub.set(zmq.RECONNECT_IVL_MAX, 500)
        sub.subscribe(b"")
        sub.connect(self._endpoint.address("evt"))
        self._spawn(self._event_loop(sub))
        self._first_snapshot.add_done_callback(_retrieve)  # marks its failure as seen even when the caller has left
        try:
            return await asyncio.wait_for(self._first_snapshot, timeout_s)
        except TimeoutError:
            raise AlleleError("E_UNAVAILABLE", "the daemon sends no events", hint="allele daemon restart") from None

    async def close(self) -> None:
        """Close the connection. Unanswered requests fail with E_CANCELLED."""
        while self._tasks:  # Python 3.11's wait_for can lose a cancellation that coincides with its result
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=0.1)
        self._fail_pending(AlleleError("E_CANCELLED", "the client closed"))
        if self._ctl is not None:
            self._ctl.disable_monitor()
        self._context.destroy(linger=0)

    async def __aenter__(self) -> "Client":
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- ctl ---------------------------------------------------------------------------------------------

    def _open_ctl(self) -> None:
        ctl = self._context.socket(zmq.DEALER)
        ctl.set(zmq.LINGER, 0)
        ctl.set(zmq.IMMEDIATE, 1)
        ctl.set(zmq.MAXMSGSIZE, MAX_BUFFER_BYTES + 1024)
        ctl.set(zmq.RECONNECT_IVL, 50)
        ctl.set(zmq.RECONNECT_IVL_MAX, 500)
        events = zmq.Event.HANDSHAKE_SUCCEEDED | zmq.Event.DISCONNECTED
        monitor = ctl.get_monitor_socket(int(events))
        self._ctl = ctl
        self._spawn(self._monitor_loop(monitor))
        self._spawn(self._read_loop(ctl))
        ctl.connect(self._endpoint.address("ctl"))

    async def _hello(self) -> Welcome:
        identity = os.urandom(16)
        body = Hello(
            proto=(PROTOCOL_MIN, PROTOCOL_MAX),
            features=list(FEATURES),
            client=self._kind,
            version=metadata.version("allele"),
        )
        header = Header(op="Hello", id=identity, cid=self.client_id)
        message = await self._exchange(identity, pack(Kind.HELLO, header, body), HELLO_S, "Hello", hello=True)
        self.welcome = unpack_body(message.body, Welcome)
        self._set_state("connected")
        self._connected.set()
        return self.welcome

    async def _exchange(
        self,
        identity: bytes,
        frames: list[bytes | memoryview],
        timeout_s: float | None,
        name: str,
        *,
        hello: bool = False,
    ) -> Message:
        pending = _Pending(frames=frames, future=asyncio.get_running_loop().create_future())
        self._pending[identity] = pending
        try:
            await self._send(frames)
            message = await asyncio.wait_for(pending.future, timeout_s)
        except TimeoutError:
            code = "E_UNAVAILABLE" if hello else "E_DEADLINE"
            raise AlleleError(
                code, f"the daemon did not answer {name} in {timeout_s} s", hint="allele daemon status"
            ) from None
        finally:
            self._pending.pop(identity, None)
            _retrieve(pending.future)  # it may have failed while the request was still being sent
        if message.kind is Kind.ERR:
            raise AlleleError.of(unpack_body(message.body, ErrorBody))
        return message

    async def _send(self, frames: list[bytes | memoryview]) -> None:
        if self._ctl is None:
            raise AlleleError("E_UNAVAILABLE", "not connected")
        try:
            await asyncio.wait_for(cast(Awaitable[None], self._ctl.send_multipart(frames)), SEND_S)
        except (TimeoutError, zmq.ZMQError):
            raise AlleleError("E_UNAVAILABLE", "no daemon answers", hint="allele daemon start") from None

    async def _read_loop(self, ctl: zmq.asyncio.Socket) -> None:
        while True:
            parts = await ctl.recv_multipart()
            self._heard_s = self._answered_s = time.monotonic()
            try:
                message = unpack(parts)
            except AlleleError:
                continue  # not valid; a request that it may have answered reaches its deadline
            pending = self._pending.get(message.header.re or b"")
            if pending is not None and not pending.future.done():
                pending.future.set_result(message)

    async def _monitor_loop(self, monitor: zmq.asyncio.Socket) -> None:
        while True:
            event = await cast(Awaitable[Any], recv_monitor_message(monitor))
            if event["event"] == zmq.Event.DISCONNECTED:
                self._lose()
            elif event["event"] == zmq.Event.HANDSHAKE_SUCCEEDED and self._state == "lost":
                self._spawn(self._return())

    async def _ping_loop(self) -> None:
        """Detect a daemon that hangs, which no monitor reports, and one that continues after it hung."""
        while True:
            await asyncio.sleep(PING_S)
            silent_s = time.monotonic() - self._heard_s
            if self._state == "lost" and silent_s < PING_S:
                await self._return()
            elif self._state == "connected" and silent_s > LIVENESS_S:
                self._lose()
            # Events show that the daemon is alive, but it needs pings to know that this client is.
            if time.monotonic() - self._answered_s > PING_S / 2 and self._ctl is not None:
                header = Header(op="Ping", id=os.urandom(16), cid=self.client_id)
                with contextlib.suppress(TimeoutError, zmq.ZMQError):
                    await asyncio.wait_for(self._ctl.send_multipart(pack(Kind.PING, header)), PING_S)

    def _lose(self) -> None:
        """Handle a lost connection: report it once, start to reconnect, and keep unanswered requests for LOST_S."""
        if self._state == "lost":
            return
        self._set_state("lost")
        self._connected.clear()
        self._spawn(self._come_back())

    async def _come_back(self) -> None:
        """Call `revive` until there is a connection, since a daemon may die again before its welcome.

        Unanswered requests fail after LOST_S.
        """
        give_up_s = time.monotonic() + (LOST_S if self._revive else LIVENESS_S)
        while not self._connected.is_set():
            if self._revive is not None:
                with contextlib.suppress(AlleleError, OSError):
                    await asyncio.to_thread(self._revive)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), REVIVE_S)
            if not self._connected.is_set() and time.monotonic() > give_up_s:
                self._fail_pending(
                    AlleleError("E_UNAVAILABLE", "the daemon went away", hint="allele daemon logs says why")
                )
                if self._revive is None:
                    return  # another process starts one; the monitor reports its handshake

    async def _return(self) -> None:
        """Handle a new connection: send hello, then every unanswered request again under its old id."""
        waiting = dict(self._pending)
        try:
            await self._hello()
            for identity, pending in waiting.items():
                if identity in self._pending and not pending.future.done():
                    await self._send(pending.frames)
        except AlleleError:
            return  # lost again; the next handshake retries

    def _fail_pending(self, error: AlleleError) -> None:
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(error)

    # --- evt ---------------------------------------------------------------------------------------------

    async def _event_loop(self, sub: zmq.asyncio.Socket) -> None:
        while True:
            parts = await sub.recv_multipart()
            self._heard_s = time.monotonic()
            if parts == [XPUB_WELCOME]:
                await self._resync()
                continue
            try:
                message = unpack(parts)
            except AlleleError:
                continue
            seq = message.header.seq or 0
            if message.header.epoch != self._epoch or seq > self._seq + 1:
                await self._resync()
            if message.header.epoch == self._epoch and seq == self._seq + 1:
                self._seq = seq
                self._deliver(message, seq)

    def _deliver(self, message: Message, seq: int) -> None:
        type_ = EVENTS.get(message.header.op)
        if type_ is None or self._on_event is None:
            return  # an event of a newer daemon
        try:
            body: msgspec.Struct = unpack_body(message.body, type_)
        except AlleleError:
            return
        self._on_event(Event(name=message.header.op, body=body, buffers=message.buffers, seq=seq))

    async def _resync(self) -> None:
        try:
            snapshot = await self.ask(GetSnapshot(), timeout_s=10.0)
        except AlleleError as error:
            first = self._first_snapshot
            if first is not None and not first.done():
                first.set_exception(error)
            return  # the next welcome or event retries
        self._epoch, self._seq = snapshot.epoch, snapshot.seq
        if self._on_resync is not None:
            self._on_resync(snapshot)
        if self._first_snapshot is not None and not self._first_snapshot.done():
            self._first_snapshot.set_result(snapshot)

    # --- both --------------------------------------------------------------------------------------------

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            if self._on_state is not None:
                self._on_state(state)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _retrieve(future: "asyncio.Future[Any]") -> None:
    """Read a future's exception, so that asyncio does not log a failure that nobody awaits."""
    if future.done() and not future.cancelled():
        future.exception()

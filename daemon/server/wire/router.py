"""The ctl socket: it receives requests and sends replies, in the order in which the work finishes.

Data flow: `Port` passes frames, which are checked and decoded here. Each request becomes a task that awaits its
handler. The reply is stored and sent to every peer that sent the request. The loop never blocks: handlers await
threads and child processes.
What can go wrong: any bytes may arrive. Invalid messages are counted and dropped. The reply is ERR if the header can
be read.
"""

import asyncio
import logging
from collections.abc import Callable

from daemon.server.wire.dispatch import Call, DispatchTable, Handler, Reply
from daemon.server.wire.faults import as_allele_error
from daemon.server.wire.handshake import greet
from daemon.server.wire.peers import Peers
from daemon.server.wire.rejected_messages import RejectedMessages
from daemon.server.wire.replies import Frames, Key, Replies
from daemon.server.wire.sockets import MAX_PARTS, Port
from protocol.errors import AlleleError
from protocol.frames import ID_BYTES, MAX_HEADER_BYTES, Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.fields import Struct

log = logging.getLogger("allele.router")

MAX_IN_FLIGHT = 2048


class Router:
    """Serves one ROUTER socket from a dispatch table."""

    def __init__(
        self,
        table: DispatchTable,
        peers: Peers,
        rejected: RejectedMessages,
        session: Callable[[], tuple[str, int]],
    ) -> None:
        self._table, self._peers, self._rejected, self._session = table, peers, rejected, session
        self._replies = Replies()
        self._port: Port | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, port: Port) -> None:
        """Send and receive through this port."""
        self._port = port

    async def close(self) -> None:
        """Wait a moment for the requests in progress, then cancel them."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def on_message(self, parts: list[bytes]) -> None:
        """Handle one multipart message from the socket. No input from a peer makes it raise an exception."""
        routing, frames = parts[0], parts[1:]
        try:
            message = unpack(frames)
        except AlleleError as problem:
            self._rejected.note("ctl", problem.message)
            self._refuse(routing, frames, problem)
            return
        self._peers.touch(routing)
        header = message.header
        if message.kind is Kind.PING:
            self._send(routing, pack(Kind.PONG, Header(op="Pong", re=header.id)))
        elif message.kind is Kind.HELLO:
            self._greet(routing, message)
        elif message.kind is Kind.REQ:
            self._accept(routing, message)
        else:
            self._rejected.note("ctl", f"a client cannot send {message.kind.name}")

    def _greet(self, routing: bytes, message: Message) -> None:
        try:
            hello, welcome = greet(message, *self._session())
            self._peers.hear(routing, message.header.cid, hello.client)
        except AlleleError as problem:
            self._send(routing, _error(message.header, problem))
            return
        log.info("hello from %s %s %s", hello.client[:20], hello.version[:20], message.header.cid.hex()[:8])
        self._send(routing, pack(Kind.WELCOME, Header(op="Welcome", re=message.header.id), welcome))

    def _accept(self, routing: bytes, message: Message) -> None:
        header = message.header
        if not header.id or not header.cid:
            self._rejected.note("ctl", "a request without id and cid")
            self._send(routing, _error(header, AlleleError("E_BAD_REQUEST", "a request must have an id and a cid")))
            return
        key: Key = (header.cid, header.id)
        stored = self._replies.stored(key)
        if stored is not None:
            self._send(routing, stored)
            return
        try:
            self._peers.hear(routing, header.cid)
            if self._replies.in_flight >= MAX_IN_FLIGHT:
                raise AlleleError("E_BUSY", "too many requests are waiting", hint="try again in a moment")
            type_, handler = self._table.find(header.op)
        except AlleleError as problem:
            self._send(routing, _error(header, problem))
            return
        if not self._replies.begin(key, routing):
            return  # the same request is in flight, and its reply goes to this peer too
        task = asyncio.create_task(self._answer(key, message, type_, handler))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, key: Key, message: Message, type_: type[Struct], handler: Handler) -> None:
        header = message.header
        try:
            reply = await self._handle(message, type_, handler)
            frames = pack(
                Kind.REP,
                Header(op=header.op, re=header.id),
                reply.body,
                reply.buffers,
                sample_rate_hz=reply.sample_rate_hz,
            )
            keep = True
        except asyncio.CancelledError:
            self._replies.finish(key, [], keep=False)
            raise
        except BaseException as problem:  # noqa: BLE001 - a handler's defect must not end the broker
            error = as_allele_error(problem, header.op)
            frames, keep = _error(header, error), not error.retryable
        for peer in self._replies.finish(key, frames, keep=keep):
            self._send(peer, frames)

    async def _handle(self, message: Message, type_: type[Struct], handler: Handler) -> Reply:
        header = message.header
        deadline_s = None
        if header.deadline_ms is not None:
            deadline_s = asyncio.get_running_loop().time() + header.deadline_ms / 1000
        request = Call(
            op=header.op,
            body=unpack_body(message.body, type_),
            buffers=message.buffers,
            cid=header.cid,
            id=header.id,
            deadline_s=deadline_s,
        )
        return await handler(request)

    def _refuse(self, routing: bytes, frames: list[bytes], problem: AlleleError) -> None:
        """Send an error for a message that could not be unpacked, if its header can be read."""
        if not 2 <= len(frames) < MAX_PARTS or len(frames[1]) > MAX_HEADER_BYTES or frames[0][:2] != b"AL":
            return
        try:
            header = unpack_body(frames[1], Header)
        except AlleleError:
            return
        if len(header.id) == ID_BYTES:
            self._send(routing, _error(header, problem))

    def _send(self, routing: bytes, frames: Frames) -> None:
        if self._port is not None and not self._port.send([routing, *frames]):
            log.debug("a reply was dropped: its client is disconnected or does not read")


def _error(header: Header, problem: AlleleError) -> Frames:
    return pack(Kind.ERR, Header(op=header.op[:64], re=header.id), problem.body())

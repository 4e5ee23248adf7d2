"""ZeroMQ sockets on the running event loop, read frame by frame.

Data flow: libzmq signals a file descriptor; `Port` reads whole messages from the socket and passes them to a function.
Boundary: messages are lists of bytes; nothing is decoded here.

What can go wrong: reading a message of 100 000 frames (one atomic message to libzmq) would block the loop for most of a
second. Frames beyond the largest allowed message are therefore discarded in slices, and the loop runs between them.
The descriptor is edge-triggered, so every drain continues until the socket is empty, and every send is followed by one.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import zmq

from protocol.frames import MAX_BUFFER_BYTES, MAX_BUFFERS

MAX_PARTS = 1 + 3 + MAX_BUFFERS  # routing id, prefix, header, body, buffers
MESSAGES_A_TURN = 64
DISCARDED_A_TURN = 2000
UNREAD_EVENTS = 4000  # about 4 MB for one stopped subscriber

OnMessage = Callable[[list[bytes]], None]


class Port:
    """A bound socket. It calls `on_message` with each message, on the loop's thread.

    A message with too many frames is truncated to MAX_PARTS + 1 frames, which `protocol.frames.unpack` rejects.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", on_message: OnMessage) -> None:
        self._socket, self._on_message = socket, on_message
        self._loop = asyncio.get_running_loop()
        self._descriptor = cast(int, socket.getsockopt(zmq.FD))
        self._is_discarding = False
        self._is_scheduled = False
        self._is_open = True
        self._loop.add_reader(self._descriptor, self._drain)
        self._schedule()

    def send(self, parts: Sequence[bytes | memoryview]) -> bool:
        """Queue one message without waiting. Returns False if the peer is disconnected or does not read."""
        if not self._is_open:
            return False
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.ZMQError as problem:
            if problem.errno not in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                raise
            return False
        finally:
            self._schedule()
        return True

    def bind(self, endpoint: str) -> None:
        """Bind again at an endpoint whose path was removed or taken over.

        The old listener is kept until the socket closes: closing it would unlink the path, which is now the new one's.
        """
        self._socket.bind(endpoint)

    def close(self, linger_ms: int = 200) -> None:
        """Stop reading, and send what is queued for at most `linger_ms`."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._descriptor)
            self._socket.close(linger_ms)

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        self._is_scheduled = False
        for _ in range(MESSAGES_A_TURN):
            if not self._is_open:
                return
            try:
                if self._is_discarding and not self._discard():
                    break
                parts = self._receive()
            except zmq.Again:
                return
            self._on_message(parts)
        if self._is_open:
            self._schedule()

    def _receive(self) -> list[bytes]:
        parts = [self._socket.recv(zmq.NOBLOCK)]
        while self._socket.getsockopt(zmq.RCVMORE):
            if len(parts) > MAX_PARTS:
                self._is_discarding = True
                break
            parts.append(self._socket.recv(zmq.NOBLOCK))
        return parts

    def _discard(self) -> bool:
        """Discard a slice of the message that is being skipped. Returns True at its end."""
        for _ in range(DISCARDED_A_TURN):
            self._socket.recv(zmq.NOBLOCK)
            if not self._socket.getsockopt(zmq.RCVMORE):
                self._is_discarding = False
                return True
        return False


def bind_router(context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> "zmq.Socket[bytes]":
    """Bind a ROUTER socket for clients. It reports unknown peers, detects dead ones, and limits sizes."""
    socket = _bounded(context.socket(zmq.ROUTER), MAX_BUFFER_BYTES + 1024)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.setsockopt(zmq.RCVHWM, 256)  # messages per client, each at most 16 buffers
    socket.setsockopt(zmq.SNDHWM, 1000)
    socket.bind(endpoint)
    return socket


def bind_publisher(
    context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, welcome: bytes, unread: int = UNREAD_EVENTS
) -> "zmq.Socket[bytes]":
    """Bind an XPUB socket that greets each subscriber. It drops events for one that has `unread` events waiting."""
    socket = _bounded(context.socket(zmq.XPUB), 1024)  # subscriptions are short
    socket.setsockopt(zmq.XPUB_WELCOME_MSG, welcome)
    socket.setsockopt(zmq.SNDHWM, unread)
    socket.setsockopt(zmq.RCVHWM, 256)
    socket.bind(endpoint)
    return socket


def _bounded(socket: "zmq.Socket[bytes]", max_frame_bytes: int) -> "zmq.Socket[bytes]":
    for option, value in (
        (zmq.LINGER, 0),
        (zmq.MAXMSGSIZE, max_frame_bytes),
        (zmq.HANDSHAKE_IVL, 2000),  # a silent connection uses a descriptor for 2 s, not 30
        (zmq.HEARTBEAT_IVL, 5000),
        (zmq.HEARTBEAT_TIMEOUT, 15_000),
        (zmq.BACKLOG, 256),
    ):
        socket.setsockopt(option, value)
    return socket

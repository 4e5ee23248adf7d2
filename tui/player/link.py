"""The player's side of the aud socket: hello, heartbeat, reconnection, credits out, chunks in.

A thin DEALER without a thread: the main loop waits on `poll_socket`, `receive` reads all messages, and `tend` is called
many times a second. A monitor reports a broken connection, and after 3 s without a message the socket is opened again.
In both cases the player sends hello again, because the daemon sends only after a hello. Without a daemon nothing raises
and `connected` is False. Only the welcome to the latest hello counts, since every hello voids earlier credits.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import msgspec
import zmq

from protocol.errors import AlleleError, ErrorBody
from protocol.frames import MAX_BODY_BYTES, Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.playback import Credit
from protocol.messages.session import Hello, Welcome
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN

PING_S = 1.0
LIVENESS_S = 3.0
HELLO_S = 0.25
MAX_AT_ONCE = 64


class Link:
    """A player's connection.

    Args:
        on_welcome: called with the epoch whenever the daemon has accepted the player; credits start at zero.
        on_lost: called once when it stops answering.
    """

    def __init__(
        self, endpoint: str, client_id: bytes, on_welcome: Callable[[str], None], on_lost: Callable[[], None]
    ) -> None:
        self.connected = False
        self.refusal = ""
        self._endpoint, self._client_id = endpoint, client_id
        self._on_welcome, self._on_lost = on_welcome, on_lost
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._hello_id = b""
        self._heard_s = self._sent_s = time.monotonic()
        self._socket = self._open()

    @property
    def poll_socket(self) -> "zmq.Socket[bytes]":
        """The socket to wait on, which changes when it is opened again."""
        return self._socket

    def receive(self) -> Iterator[Message]:
        """Yield received chunks, and handle all other messages."""
        for _ in range(MAX_AT_ONCE):
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._heard_s = time.monotonic()
            try:
                message = unpack(parts)
                if message.kind is Kind.CHUNK:
                    yield message
                elif message.kind is Kind.WELCOME and message.header.re == self._hello_id:
                    self.connected, self.refusal = True, ""
                    self._on_welcome(unpack_body(message.body, Welcome).epoch)
                elif message.kind is Kind.ERR:
                    self._refused(unpack_body(message.body, ErrorBody))
            except AlleleError:
                continue  # not valid; the heartbeat detects if nothing else arrives

    def tend(self) -> None:
        """Send hello until welcomed, ping after a silence, and reconnect after a long silence."""
        now_s = time.monotonic()
        if self._broke():
            self._lose()
        if now_s - self._heard_s > LIVENESS_S:
            self._lose()
            self._socket.disable_monitor()
            self._socket.close(0)
            self._socket = self._open()
            self._heard_s = now_s
        if not self.connected and now_s - self._sent_s > HELLO_S:
            self._hello_id = os.urandom(16)
            hello = Hello(proto=(PROTOCOL_MIN, PROTOCOL_MAX), client="player")
            self._send(Kind.HELLO, "Hello", hello, self._hello_id)
        elif self.connected and now_s - self._sent_s > PING_S:
            self._send(Kind.PING, "Ping", None)

    def grant(self, chunks: int) -> bool:
        """Give the daemon credits for more chunks. Returns False when they cannot be sent now."""
        return self._send(Kind.CREDIT, "Credit", Credit(chunks=chunks))

    def close(self) -> None:
        """Close the connection to the daemon."""
        self._socket.disable_monitor()
        self._context.destroy(linger=0)

    def _open(self) -> "zmq.Socket[bytes]":
        socket = self._context.socket(zmq.DEALER)
        socket.set(zmq.LINGER, 0)
        socket.set(zmq.IMMEDIATE, 1)
        socket.set(zmq.SNDTIMEO, 0)
        socket.set(zmq.RECONNECT_IVL, 50)
        socket.set(zmq.RECONNECT_IVL_MAX, 500)
        socket.set(zmq.MAXMSGSIZE, MAX_BODY_BYTES)
        self._monitor = socket.get_monitor_socket(int(zmq.Event.DISCONNECTED))
        socket.connect(self._endpoint)
        self._sent_s = 0.0
        return socket

    def _broke(self) -> bool:
        """Return whether the connection was lost since the last call."""
        is_broken = False
        with contextlib.suppress(zmq.Again):
            while self._monitor.recv_multipart(zmq.NOBLOCK):
                is_broken = True
        return is_broken

    def _send(self, kind: Kind, op: str, body: msgspec.Struct | None, identity: bytes = b"") -> bool:
        header = Header(op=op, id=identity or os.urandom(16), cid=self._client_id)
        with contextlib.suppress(zmq.ZMQError):  # without a peer, IMMEDIATE makes sending an error
            self._socket.send_multipart(pack(kind, header, body), zmq.NOBLOCK)
            self._sent_s = time.monotonic()
            return True
        return False

    def _refused(self, error: ErrorBody) -> None:
        self.refusal = "" if error.code == "E_NOT_FOUND" else error.message
        self._lose()  # the daemon has forgotten this player or refuses it: send hello again

    def _lose(self) -> None:
        if self.connected:
            self.connected = False
            self._on_lost()

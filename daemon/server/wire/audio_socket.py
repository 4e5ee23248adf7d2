"""The aud socket: it receives hello, credits and pings from players, and sends chunks of sound to them.

Boundary: this module knows only which connection belongs to which player; the playback (`PlayerHook`) decides what is
played. What can go wrong: a player disappears without notice. It is detached after SILENT_S of silence, and chunks
to it are not sent.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.server.wire.handshake import greet
from daemon.server.wire.rejected_messages import RejectedMessages
from daemon.server.wire.sockets import Port
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.frames import ID_BYTES, Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.playback import Chunk, Credit
from protocol.units import SAMPLE_RATE_HZ

SILENT_S = 4.0  # a player pings after a second of silence; one that was only suspended sends hello again
MAX_PLAYERS = 64


class PlayerHook(Protocol):
    """Receives events of players. Its methods are called on the loop's thread and must not block."""

    def attach(self, cid: bytes, routing_id: bytes) -> None:
        """Called when a player sends hello. After a reconnection it has another routing id."""
        ...

    def credit(self, cid: bytes, chunks: int) -> None:
        """Called when a player can accept this many more chunks."""
        ...

    def detach(self, cid: bytes) -> None:
        """Called when a player has disconnected."""
        ...


@dataclass
class _Player:
    cid: bytes
    heard_s: float


class AudSocket:
    """Serves the ROUTER socket that players connect to. Playback must set `hook` before `serve` is called."""

    def __init__(
        self,
        rejected: RejectedMessages,
        session: Callable[[], tuple[str, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hook: PlayerHook | None = None
        self._rejected, self._session, self._clock = rejected, session, clock
        self._players: dict[bytes, _Player] = {}
        self._port: Port | None = None

    def serve(self, port: Port) -> None:
        """Send and receive through this port."""
        self._port = port

    def send_chunk(self, routing_id: bytes, chunk: Chunk, pcm: Array, sample_rate_hz: int = SAMPLE_RATE_HZ) -> bool:
        """Send PCM (C, L) float32 to a player. Returns False if it is disconnected or does not read."""
        header = Header(op="Chunk")
        return self._send(routing_id, pack(Kind.CHUNK, header, chunk, (pcm,), sample_rate_hz=sample_rate_hz))

    def on_message(self, parts: list[bytes]) -> None:
        """Handle one multipart message from the socket. No input from a peer makes it raise an exception."""
        routing = parts[0]
        try:
            message = unpack(parts[1:])
            self._take(routing, message)
        except AlleleError as problem:
            self._rejected.note("aud", problem.message)

    def sweep(self) -> None:
        """Detach the players that have been silent for SILENT_S."""
        limit_s = self._clock() - SILENT_S
        for routing in [routing for routing, player in self._players.items() if player.heard_s < limit_s]:
            self._forget(routing)

    def __len__(self) -> int:
        return len(self._players)

    def _take(self, routing: bytes, message: Message) -> None:
        player = self._players.get(routing)
        if player is not None:
            player.heard_s = self._clock()
        if message.kind is Kind.HELLO:
            self._greet(routing, message)
        elif player is None:
            unknown = AlleleError("E_NOT_FOUND", "this player is not known", hint="send hello first")
            self._send(routing, pack(Kind.ERR, Header(op=message.header.op[:64], re=message.header.id), unknown.body()))
            raise AlleleError("E_BAD_REQUEST", f"{message.kind.name} before hello")
        elif message.kind is Kind.PING:
            self._send(routing, pack(Kind.PONG, Header(op="Pong", re=message.header.id)))
        elif message.kind is Kind.CREDIT:
            chunks = unpack_body(message.body, Credit).chunks
            if self.hook is not None:
                self.hook.credit(player.cid, chunks)
        else:
            raise AlleleError("E_BAD_REQUEST", f"a player cannot send {message.kind.name}")

    def _greet(self, routing: bytes, message: Message) -> None:
        header, cid = message.header, message.header.cid
        try:
            if len(cid) != ID_BYTES:
                raise AlleleError("E_BAD_REQUEST", "a player must send a cid")
            if len(self._players) >= MAX_PLAYERS and routing not in self._players:
                raise AlleleError("E_BUSY", f"{MAX_PLAYERS} players are connected", hint="close one of them")
            _, welcome = greet(message, *self._session())
        except AlleleError as problem:
            self._send(routing, pack(Kind.ERR, Header(op="Hello", re=header.id), problem.body()))
            return
        for old in [old for old, player in self._players.items() if player.cid == cid and old != routing]:
            del self._players[old]  # the same player on a new connection
        self._players[routing] = _Player(cid=cid, heard_s=self._clock())
        self._send(routing, pack(Kind.WELCOME, Header(op="Welcome", re=header.id), welcome))
        if self.hook is not None:
            self.hook.attach(cid, routing)

    def _forget(self, routing: bytes) -> None:
        player = self._players.pop(routing, None)
        if player is not None and self.hook is not None:
            self.hook.detach(player.cid)

    def _send(self, routing: bytes, frames: Sequence[bytes | memoryview]) -> bool:
        return self._port is not None and self._port.send([routing, *frames])

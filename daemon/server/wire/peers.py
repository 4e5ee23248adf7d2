"""Who is connected: every peer that spoke lately, by its connection's routing id."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from protocol.errors import AlleleError

FORGET_S = 15.0  # a client pings every second; a stopped or vanished one is forgotten after this

PRESENT_S = 4.0  # counted as connected: room for three missed pings; a command that has ended is not


@dataclass
class Peer:
    """One connection."""

    cid: bytes
    kind: str
    heard_s: float


class Roster:
    """At most `limit` peers; a silent one makes room, and one that never said hello does for one that does."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._peers: dict[bytes, Peer] = {}

    def hear(self, routing: bytes, cid: bytes, kind: str | None = None) -> None:
        """Note a sign of life; the first one on a connection takes a place.

        Raises:
            AlleleError: E_BUSY when all places are taken.
        """
        now_s = self._clock()
        peer = self._peers.get(routing)
        if peer is not None:
            peer.heard_s = now_s
            peer.cid, peer.kind = cid or peer.cid, kind or peer.kind
            return
        if len(self._peers) >= self._limit:
            self.sweep()
        if len(self._peers) >= self._limit and kind:
            self._drop_a_stranger()
        if len(self._peers) >= self._limit:
            raise AlleleError("E_BUSY", f"{self._limit} clients are connected, no more fit", hint="close one of them")
        self._peers[routing] = Peer(cid=cid, kind=kind or "", heard_s=now_s)

    def _drop_a_stranger(self) -> None:
        """Forget the longest silent of those that never said hello: whoever comes and goes keeps nobody out."""
        strangers = [(peer.heard_s, routing) for routing, peer in self._peers.items() if not peer.kind]
        if strangers:
            del self._peers[min(strangers)[1]]

    def touch(self, routing: bytes) -> None:
        """A sign of life that takes no place."""
        if routing in self._peers:
            self._peers[routing].heard_s = self._clock()

    def sweep(self) -> list[Peer]:
        """Forget, and return, those that have been silent for FORGET_S."""
        limit_s = self._clock() - FORGET_S
        gone = {routing: peer for routing, peer in self._peers.items() if peer.heard_s < limit_s}
        for routing in gone:
            del self._peers[routing]
        return list(gone.values())

    @property
    def present(self) -> int:
        """How many were heard from lately. Others keep their places: a client may be held up for longer."""
        lately_s = self._clock() - PRESENT_S
        return sum(peer.heard_s >= lately_s for peer in self._peers.values())

    def __len__(self) -> int:
        return len(self._peers)

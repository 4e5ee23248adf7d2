"""The connected clients: every peer that sent a message recently, by the routing id of its connection."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from protocol.errors import AlleleError

FORGET_S = 15.0  # a client pings every second; one that is suspended or gone is removed after this

SPARE_S = 1.5  # a client that was silent for this long gives way when all places are used: it has probably ended

PRESENT_S = 4.0  # a client counts as connected for this long: it may miss three pings, but may not have ended


@dataclass
class Peer:
    """One connection of a client."""

    cid: bytes
    kind: str
    heard_s: float


class Peers:
    """At most `limit` peers. A new one can replace a silent one, and with a hello one that never sent a hello."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._peers: dict[bytes, Peer] = {}

    def hear(self, routing: bytes, cid: bytes, kind: str | None = None) -> None:
        """Record a message of a peer. The first message of a connection adds it.

        Raises:
            AlleleError: E_BUSY if there are `limit` peers already.
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
            self._drop_unidentified()
        if len(self._peers) >= self._limit and kind:
            self._drop_longest_silent(now_s - SPARE_S)
        if len(self._peers) >= self._limit:
            raise AlleleError("E_BUSY", f"all {self._limit} client connections are used", hint="close one of them")
        self._peers[routing] = Peer(cid=cid, kind=kind or "", heard_s=now_s)

    def _drop_unidentified(self) -> None:
        """Remove the longest silent peer that never sent a hello, so that such peers cannot exclude clients."""
        strangers = [(peer.heard_s, routing) for routing, peer in self._peers.items() if not peer.kind]
        if strangers:
            del self._peers[min(strangers)[1]]

    def _drop_longest_silent(self, limit_s: float) -> None:
        """Remove the peer that is silent for longest, if that began before `limit_s`.

        A script that runs many commands leaves many connections that have just ended. A client that was only delayed is
        added again by its next message.
        """
        routing = min(self._peers, key=lambda one: self._peers[one].heard_s)
        if self._peers[routing].heard_s < limit_s:
            del self._peers[routing]

    def touch(self, routing: bytes) -> None:
        """Record a message of a known peer. An unknown peer is not added."""
        if routing in self._peers:
            self._peers[routing].heard_s = self._clock()

    def sweep(self) -> list[Peer]:
        """Remove and return the peers that have been silent for FORGET_S."""
        limit_s = self._clock() - FORGET_S
        gone = {routing: peer for routing, peer in self._peers.items() if peer.heard_s < limit_s}
        for routing in gone:
            del self._peers[routing]
        return list(gone.values())

    @property
    def present(self) -> int:
        """The number of peers that sent a message within PRESENT_S. Others are kept: a client may be delayed longer."""
        lately_s = self._clock() - PRESENT_S
        return sum(peer.heard_s >= lately_s for peer in self._peers.values())

    def __len__(self) -> int:
        return len(self._peers)

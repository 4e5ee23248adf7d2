"""Stored replies and requests in flight, so that a repeated request is executed at most once.

A request is identified by (client id, request id) and not by its connection, so it can be repeated on another one. The
stored replies are limited in number and in bytes.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

Key = tuple[bytes, bytes]
Frames = list[bytes | memoryview]

MAX_STORED = 4096
MAX_STORED_BYTES = 32 * 1024 * 1024


@dataclass
class _InFlight:
    peers: list[bytes] = field(default_factory=list[bytes])


class Replies:
    """Stored replies. The least recently used are discarded first."""

    def __init__(self, max_stored: int = MAX_STORED, max_bytes: int = MAX_STORED_BYTES) -> None:
        self._stored: OrderedDict[Key, Frames] = OrderedDict()
        self._in_flight: dict[Key, _InFlight] = {}
        self._max_stored, self._max_bytes = max_stored, max_bytes
        self._bytes = 0

    def stored(self, key: Key) -> Frames | None:
        """The earlier reply to this request, if it is still stored."""
        frames = self._stored.get(key)
        if frames is not None:
            self._stored.move_to_end(key)
        return frames

    def begin(self, key: Key, peer: bytes) -> bool:
        """Record that `peer` waits for `key`. Returns True if the request is new and must be executed."""
        known = self._in_flight.get(key)
        if known is None:
            self._in_flight[key] = _InFlight([peer])
            return True
        if peer not in known.peers:
            known.peers.append(peer)
        return False

    def finish(self, key: Key, frames: Frames, *, keep: bool) -> list[bytes]:
        """End a request: store its reply if `keep` is true, and return the peers that wait for it."""
        waiting = self._in_flight.pop(key, None)
        if keep:
            self._forget(key)
            self._stored[key] = frames
            self._bytes += _size(frames)
            while self._stored and (len(self._stored) > self._max_stored or self._bytes > self._max_bytes):
                self._forget(next(iter(self._stored)))
        return waiting.peers if waiting else []

    @property
    def in_flight(self) -> int:
        """The number of requests that are being executed."""
        return len(self._in_flight)

    def _forget(self, key: Key) -> None:
        frames = self._stored.pop(key, None)
        if frames is not None:
            self._bytes -= _size(frames)


def _size(frames: Frames) -> int:
    return sum(memoryview(frame).nbytes for frame in frames) + 200

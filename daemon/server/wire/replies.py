"""At most once: what was answered, and who waits for what is in flight. Bounded by count and by bytes.

A request is known by (client id, request id), not by its connection, so it may come again on another one.
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
    """Stored answers, least recently used forgotten first."""

    def __init__(self, max_stored: int = MAX_STORED, max_bytes: int = MAX_STORED_BYTES) -> None:
        self._stored: OrderedDict[Key, Frames] = OrderedDict()
        self._in_flight: dict[Key, _InFlight] = {}
        self._max_stored, self._max_bytes = max_stored, max_bytes
        self._bytes = 0

    def stored(self, key: Key) -> Frames | None:
        """The answer given before, if it is still known."""
        frames = self._stored.get(key)
        if frames is not None:
            self._stored.move_to_end(key)
        return frames

    def begin(self, key: Key, peer: bytes) -> bool:
        """Note that `peer` waits for `key`; True when nobody did, so that the work is to be done."""
        known = self._in_flight.get(key)
        if known is None:
            self._in_flight[key] = _InFlight([peer])
            return True
        if peer not in known.peers:
            known.peers.append(peer)
        return False

    def finish(self, key: Key, frames: Frames, *, keep: bool) -> list[bytes]:
        """Store the answer (unless it may be asked again) and name those who wait for it."""
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
        """Requests being worked on."""
        return len(self._in_flight)

    def _forget(self, key: Key) -> None:
        frames = self._stored.pop(key, None)
        if frames is not None:
            self._bytes -= _size(frames)


def _size(frames: Frames) -> int:
    return sum(memoryview(frame).nbytes for frame in frames) + 200

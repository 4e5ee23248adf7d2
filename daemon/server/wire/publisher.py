"""Publishes events in one numbered sequence per epoch. Progress events are coalesced, and the newest is sent.

Data flow: code that changes the state calls `publish` on the loop's thread, in the same turn in which it changes what
`GetSnapshot` returns. A snapshot and its sequence number therefore always match.
What can go wrong: a slow subscriber loses events at the socket's high-water mark. It detects the gap in the numbers
and requests a snapshot again.
"""

import asyncio
from collections.abc import Callable, Sequence

from protocol.arrays import Array
from protocol.frames import Header, Kind, pack
from protocol.messages.fields import Struct

XPUB_WELCOME = b"AL-welcome"
PROGRESS_S = 0.1

Send = Callable[[Sequence[bytes | memoryview]], bool]


class Publisher:
    """Numbers events and sends them. `seq` is the number of the newest event."""

    def __init__(self, epoch: str, send: Send) -> None:
        self.epoch, self.seq = epoch, 0
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[tuple[str, str], Struct] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def publish(self, event: Struct, buffers: Sequence[Array] = ()) -> int:
        """Send an event now. Returns its number."""
        self.seq += 1
        header = Header(op=type(event).__name__, epoch=self.epoch, seq=self.seq)
        self._send(pack(Kind.EVT, header, event, buffers))
        return self.seq

    def progress(self, subject: str, event: Struct) -> None:
        """Send the newest event of each subject and type, at most one every PROGRESS_S."""
        key = (subject, type(event).__name__)
        if key in self._timers:
            self._waiting[key] = event
            return
        self.publish(event)
        self._timers[key] = self._loop.call_later(PROGRESS_S, self._turn, key)

    def settle(self, subject: str) -> None:
        """Send the waiting events of a subject now, so that none of them follows a newer event."""
        for key in [key for key in self._timers if key[0] == subject]:
            self._timers.pop(key).cancel()
            event = self._waiting.pop(key, None)
            if event is not None:
                self.publish(event)

    def close(self) -> None:
        """Discard the events that are waiting."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()

    def _turn(self, key: tuple[str, str]) -> None:
        del self._timers[key]
        event = self._waiting.pop(key, None)
        if event is not None:
            self.progress(key[0], event)

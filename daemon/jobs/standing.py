"""Processes of jobs that wait for the next job of their kind, so that it starts at once.

A process loads torch for seconds, which is longer than making a few sounds takes. One that ended a job in good order
and says that it stays is kept for a while, at most one of each kind. A job that is cancelled or fails ends its process.
"""

import asyncio

from daemon.supervision.process import Child
from protocol.messages.jobs import JobKind

IDLE_S = 300.0


class Standing:
    """The waiting processes. Use it on the loop's thread."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._waiting: dict[JobKind, Child] = {}
        self._expiries: dict[JobKind, asyncio.Task[None]] = {}

    def take(self, kind: JobKind) -> Child | None:
        """Take the process that waits for a job of a kind, if one does."""
        expiry = self._expiries.pop(kind, None)
        if expiry is not None:
            expiry.cancel()
        child = self._waiting.pop(kind, None)
        return child if child is not None and child.is_running else None

    def put(self, kind: JobKind, child: Child) -> None:
        """Let a process wait. One that waits already is ended."""
        before = self.take(kind)
        if before is not None:
            before.kill()
        self._waiting[kind] = child
        self._expiries[kind] = asyncio.create_task(self._expire(kind, child))

    async def close(self) -> None:
        """End all waiting processes."""
        for kind in list(self._waiting):
            child = self.take(kind)
            if child is not None:
                child.kill()
                await child.ended()

    async def _expire(self, kind: JobKind, child: Child) -> None:
        await asyncio.sleep(self._idle_s)
        del self._waiting[kind], self._expiries[kind]
        child.kill()
        await child.ended()

"""Queues that run the edits of each strand one after another, in order of arrival, even while a model computes.

Data flow: a request joins the queues of all strands that it changes at once, in the step of the loop in which it
starts. It runs when it is first in each of them. Two requests can therefore never wait for each other.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """The queues of all strands. Use them on the loop's thread."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def take(self, *strands: str) -> AsyncGenerator[None, None]:
        """Wait until all earlier requests for these strands are finished."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        earlier = {self._last[strand] for strand in strands if strand in self._last}
        self._last.update(dict.fromkeys(strands, done))
        try:
            if earlier:
                await asyncio.wait(earlier)
            yield
        finally:
            waiting = [one for one in earlier if not one.done()]
            if waiting:  # cancelled before its turn: later requests must still wait for the earlier ones
                asyncio.gather(*waiting).add_done_callback(lambda _: done.set_result(None))
            else:
                done.set_result(None)
            done.add_done_callback(lambda _: self._forget(strands, done))

    def _forget(self, strands: tuple[str, ...], done: "asyncio.Future[None]") -> None:
        for strand in strands:
            if self._last.get(strand) is done:
                del self._last[strand]

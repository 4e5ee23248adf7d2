"""Strands take their edits one after another, in the order in which they came, also while a model is asked.

Data flow: a request names every strand it is about and stands in all their queues at once, in the very step of the loop
in which it is begun; it has its turn when it is first in each. Two requests can never wait for one another.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """The queues. Used on the loop's thread."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def take(self, *strands: str) -> AsyncGenerator[None, None]:
        """Wait until nobody who came earlier is busy with one of these strands."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        earlier = {self._last[strand] for strand in strands if strand in self._last}
        self._last.update(dict.fromkeys(strands, done))
        try:
            if earlier:
                await asyncio.wait(earlier)
            yield
        finally:
            waiting = [one for one in earlier if not one.done()]
            if waiting:  # cancelled before its turn: whoever comes after it must still wait for those before it
                asyncio.gather(*waiting).add_done_callback(lambda _: done.set_result(None))
            else:
                done.set_result(None)
            done.add_done_callback(lambda _: self._forget(strands, done))

    def _forget(self, strands: tuple[str, ...], done: "asyncio.Future[None]") -> None:
        for strand in strands:
            if self._last.get(strand) is done:
                del self._last[strand]

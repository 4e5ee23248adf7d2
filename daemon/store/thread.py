"""A single thread for all database access, which runs calls in the order in which they were made.

The event loop awaits the results, so that fsync and SQLite never block it. A connection is opened, used and closed on
this thread only.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class StoreThread:
    """A queue of calls and the thread that runs them."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` on the thread. A queued call runs even if the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._pool, partial(work, *args, **kwargs)))

    async def close(self) -> None:
        """Run all queued calls, then end the thread."""
        await asyncio.to_thread(self._pool.shutdown)

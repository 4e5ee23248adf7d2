"""A session's connection to its daemon: finding or starting one, its state in words, requests, and background work.

What can go wrong: no daemon runs, or it dies. `state` and `detail` report it, and the client reconnects automatically.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.fields import Request, Struct
from protocol.situations import situation
from tui.transport.daemon_target import DaemonTarget

if TYPE_CHECKING:
    from protocol.messages.session import Snapshot
    from tui.transport.client import Answer, Client

RETRY_S = 1.0
R = TypeVar("R", bound=Struct)
Changed = Callable[[str, str], None]
"""Called with a topic and a key when something that screens show has changed; see tui.session.session."""


class Connection:
    """One client of one daemon. `open` connects and never raises; `close` ends it."""

    def __init__(self, target: DaemonTarget, changed: Changed) -> None:
        self.target, self._changed = target, changed
        self.state, self.detail = "starting", "starting the daemon"
        self._client: Client | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether requests can reach a daemon now."""
        return self.state == "connected"

    @property
    def is_open(self) -> bool:
        """Whether a connection existed at any time since `open` was called."""
        return self._client is not None

    async def open(self, on_event: Callable[[Any], None], on_resync: "Callable[[Snapshot], None]") -> None:
        """Find or start the daemon and follow its events. Retries until it succeeds."""
        from tui.transport.client import Client

        say = partial(asyncio.get_running_loop().call_soon_threadsafe, self._show_waiting)
        while self._client is None:
            client: Client | None = None
            try:
                endpoint = await asyncio.to_thread(self.target.find, say)
                revive = partial(self.target.find, say)
                client = Client(endpoint, "tui", on_state=self._on_state, revive=revive)
                await client.open()
                self._client = client
                await client.subscribe(on_event, on_resync)
            except AlleleError as error:
                self._client = None
                if client is not None:
                    await client.close()
                self.set_state("failed", str(error))
                await asyncio.sleep(RETRY_S)

    async def cancel_work(self) -> None:
        """Cancel everything that `spawn` started and wait until it has ended."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the connection to the daemon."""
        if self._client is not None:
            await self._client.close()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine in the background. An exception is reported as a sentence."""
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(
        self,
        body: Request[R],
        *,
        timeout_s: float | None = 30.0,
        buffers: Sequence[Array] = (),
        request_id: bytes | None = None,
    ) -> "Answer[R]":
        """Send a request and return its answer.

        Raises:
            AlleleError: as `Client.request` does; E_UNAVAILABLE before the first connection.
        """
        if self._client is None:
            raise AlleleError("E_UNAVAILABLE", "not connected to the daemon yet")
        return await self._client.request(body, timeout_s=timeout_s, buffers=buffers, request_id=request_id)

    def set_state(self, state: str, detail: str = "") -> None:
        """Set the state of the connection, with an optional sentence about it."""
        self.state = state
        self.detail = detail or {"connected": "", "lost": "the daemon is gone; reconnecting"}.get(state, "")
        self._changed("state", state)

    def _on_state(self, state: str) -> None:
        self.set_state("connected" if state == "connected" else "lost")

    def _show_waiting(self, line: str) -> None:
        """Report what the client waits for while it is not connected."""
        if not self.connected:
            self.set_state(self.state, line)

    async def _guard(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 - it is shown, and the screen keeps running
            known = situation(problem)
            defect = f"a defect: {type(problem).__name__}: {problem} (please report it)"
            self._changed("error", str(known) if known else defect)

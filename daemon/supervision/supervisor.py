"""One engine worker and the requests that wait for it, one at a time.

Data flow: `ask` queues; the lane's task sends the oldest ask to the child and reads its answer. Requests that were not
begun survive a death of the child and go to the next one; the one being worked on fails with E_ENGINE.
What can go wrong: the child raises (a typed error comes back), dies (a new one starts after a pause that doubles),
hangs (killed after a limit), or dies again and again (the lane gives up after MAX_QUICK_DEATHS and says so).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from daemon.supervision.failure import Failure
from daemon.supervision.pipe import Parcel, PipeError
from daemon.supervision.process import Child, spawn
from protocol.arrays import Array
from protocol.errors import AlleleError

log = logging.getLogger("allele.engine")

MAX_QUICK_DEATHS = 5
QUICK_S = 5.0  # a worker that lived this long after it was ready did not die of its start
START_LIMIT_S = 120.0  # importing torch from a cold disk
MAX_WAITING = 512


class WorkerStuckError(PipeError):
    """The worker lives but did not start, or did not answer, within its limit; it is killed."""


@dataclass(eq=False)
class _Ask:
    op: str
    fields: dict[str, Any]
    buffers: Sequence[Array]
    deadline_s: float | None
    answer: asyncio.Future[Parcel] = field(repr=False, kw_only=True)


class Lane:
    """Keeps one worker alive. `state` is starting, ready, restarting or failed; `detail` says why."""

    def __init__(
        self,
        name: str,
        log_file: Path,
        on_change: Callable[[], None],
        *,
        op_limit_s: float,
        module: str = "daemon.workers.engine",
    ) -> None:
        self.name, self.state, self.detail = name, "starting", ""
        self.facts: dict[str, Any] = {}
        self.pid: int | None = None
        self._log_file, self._on_change, self._op_limit_s = log_file, on_change, op_limit_s
        self._module = module
        self._asks: deque[_Ask] = deque()
        self._wake = asyncio.Event()
        self._quick_deaths = 0
        self._ready_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the worker; `ask` may be called at once."""
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Kill the worker; what waits fails with E_CANCELLED."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._fail_waiting(AlleleError("E_CANCELLED", "the daemon stops"))

    async def ask(
        self, op: str, fields: dict[str, Any], buffers: Sequence[Array] = (), deadline_s: float | None = None
    ) -> Parcel:
        """Let the worker do one thing.

        Raises:
            AlleleError: what the worker raised; E_ENGINE when it died of it or cannot be kept alive; E_DEADLINE when
                it was not begun in time; E_BUSY when too much waits.
        """
        if self.state == "failed":
            raise self._given_up()
        if len(self._asks) >= MAX_WAITING:
            raise AlleleError("E_BUSY", "too much waits for the engine", hint="ask again in a moment")
        ask = _Ask(op, fields, buffers, deadline_s, answer=asyncio.get_running_loop().create_future())
        self._asks.append(ask)
        self._wake.set()
        return await ask.answer

    async def _live(self) -> None:
        while self.state != "failed":
            child: Child | None = None
            try:
                self._ready_s = None
                child = await spawn(self._module, self._log_file, [self.name])
                self.pid = child.pid
                await self._serve(child)
            except (PipeError, OSError) as problem:
                await self._bury(child, problem)
            finally:
                self.pid = None
                if child is not None:
                    child.kill()
                    await child.ended()

    async def _serve(self, child: Child) -> None:
        try:
            hello = await asyncio.wait_for(child.read(), START_LIMIT_S)
        except TimeoutError:
            raise WorkerStuckError(f"it did not start in {START_LIMIT_S:.0f} s") from None
        self.facts = hello.fields
        self._ready_s = asyncio.get_running_loop().time()
        self._change("ready", "")
        reading = asyncio.create_task(child.read())
        try:
            while True:
                ask = await self._next(reading)
                try:
                    await child.send({"op": ask.op, **ask.fields}, ask.buffers)
                    done, _ = await asyncio.wait({reading}, timeout=self._op_limit_s)
                    if not done:
                        raise WorkerStuckError(f"{ask.op} took longer than {self._op_limit_s:.0f} s")
                    parcel = reading.result()
                except PipeError:
                    self._asks.appendleft(ask)  # _bury answers it
                    ask.fields["is_begun"] = True
                    raise
                reading = asyncio.create_task(child.read())
                _settle(ask, parcel)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _next(self, reading: "asyncio.Task[Parcel]") -> _Ask:
        """The oldest ask that somebody still waits for; the child's death meanwhile raises."""
        loop = asyncio.get_running_loop()
        while True:
            while self._asks:
                ask = self._asks.popleft()
                if ask.answer.done():
                    continue
                if ask.deadline_s is None or loop.time() <= ask.deadline_s:
                    return ask
                ask.answer.set_exception(AlleleError("E_DEADLINE", f"{ask.op} was not begun in time"))
            self._wake.clear()
            waking = asyncio.create_task(self._wake.wait())
            try:
                await asyncio.wait({waking, reading}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waking.cancel()
            if reading.done():
                reading.result()
                raise PipeError("it spoke without being asked")

    async def _bury(self, child: Child | None, problem: Exception) -> None:
        """Say why the worker is gone, fail what it was doing, and wait a little before the next one."""
        how = await child.ended() if child is not None else str(problem)
        if isinstance(problem, WorkerStuckError):
            how = str(problem)  # the child's end says only that it was killed
        loop = asyncio.get_running_loop()
        is_quick = self._ready_s is None or loop.time() - self._ready_s < QUICK_S
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        log.error("engine worker %s: %s", self.name, how)
        begun = [ask for ask in self._asks if ask.fields.get("is_begun")]
        for ask in begun:
            self._asks.remove(ask)
            hint = "try again; if it happens again, allele daemon logs says more"
            if not ask.answer.done():
                ask.answer.set_exception(AlleleError("E_ENGINE", f"the engine died during {ask.op}: {how}", hint=hint))
        if self._quick_deaths >= MAX_QUICK_DEATHS:
            self._change("failed", f"it died {self._quick_deaths} times in a row: {how}")
            self._fail_waiting(self._given_up())
            return
        self._change("restarting", how)
        await asyncio.sleep(min(5.0, 0.1 * 2**self._quick_deaths) if self._quick_deaths else 0.0)

    def _given_up(self) -> AlleleError:
        return AlleleError(
            "E_ENGINE",
            f"the engine is down: {self.detail}",
            hint="see allele daemon logs, then allele daemon restart",
            retryable=False,
        )

    def _fail_waiting(self, error: AlleleError) -> None:
        while self._asks:
            ask = self._asks.popleft()
            if not ask.answer.done():
                ask.answer.set_exception(error)

    def _change(self, state: str, detail: str) -> None:
        self.state, self.detail = state, detail
        self._on_change()


def _settle(ask: _Ask, parcel: Parcel) -> None:
    if ask.answer.done():
        return
    reported = parcel.fields.get("failure")
    if reported is None:
        ask.answer.set_result(parcel)
    else:
        failure = msgspec.convert(reported, Failure)
        ask.answer.set_exception(AlleleError(failure.code, failure.message, hint=failure.hint))

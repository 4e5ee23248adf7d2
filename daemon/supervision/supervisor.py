"""The supervisor of one engine worker: it keeps the worker running and sends it one request at a time.

Data flow: `request` adds to a queue. A task sends the oldest request to the child and reads its answer. If the child
dies, requests that were not started are sent to the next child, and the one in progress fails with E_ENGINE.
Before the answer may come parts of it, which go to the request's listener. If the sender no longer waits, the child
receives a request to stop.
What can go wrong: the child raises an exception (it is reported as a typed error), dies (a new child starts after a
delay that doubles), hangs (it is killed after a limit), or dies repeatedly (the supervisor gives up after
MAX_QUICK_DEATHS and reports that it failed).
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
QUICK_S = 5.0  # a worker that ran this long after it was ready did not die because of its start
START_LIMIT_S = 120.0  # importing torch from a cold disk
MAX_WAITING = 512


class WorkerStuckError(PipeError):
    """The worker did not start, or did not answer, within its time limit. It is killed."""


@dataclass(eq=False)
class _PendingRequest:
    op: str
    fields: dict[str, Any]
    buffers: Sequence[Array]
    deadline_s: float | None
    on_part: Callable[[Parcel], None]
    answer: asyncio.Future[Parcel] = field(repr=False, kw_only=True)


class WorkerSupervisor:
    """Keeps one worker running. `state` is starting, ready, restarting or failed; `detail` gives the reason."""

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
        self._pending: deque[_PendingRequest] = deque()
        self._wake = asyncio.Event()
        self._quick_deaths = 0
        self._ready_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the worker. `request` may be called at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Kill the worker. Waiting requests fail with E_CANCELLED."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._fail_waiting(AlleleError("E_CANCELLED", "the daemon is stopping"))

    async def request(
        self,
        op: str,
        fields: dict[str, Any],
        buffers: Sequence[Array] = (),
        deadline_s: float | None = None,
        on_part: Callable[[Parcel], None] = lambda _: None,
    ) -> Parcel:
        """Send one request to the worker, and return its answer. A task that is cancelled here stops the work.

        Args:
            on_part: called with every part of the answer that comes before it.

        Raises:
            AlleleError: what the worker raised; E_ENGINE if it died during the request or cannot be kept running;
                E_DEADLINE if the request was not started in time; E_BUSY if too many requests wait.
        """
        if self.state == "failed":
            raise self._given_up()
        if len(self._pending) >= MAX_WAITING:
            raise AlleleError("E_BUSY", "too many requests wait for the engine", hint="try again in a moment")
        request = _PendingRequest(
            op, fields, buffers, deadline_s, on_part, answer=asyncio.get_running_loop().create_future()
        )
        self._pending.append(request)
        self._wake.set()
        return await request.answer

    async def _run(self) -> None:
        while self.state != "failed":
            child: Child | None = None
            try:
                self._ready_s = None
                child = await spawn(self._module, self._log_file, [self.name])
                self.pid = child.pid
                await self._serve(child)
            except (PipeError, OSError) as problem:
                await self._handle_exit(child, problem)
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
        reading = _Reading(child)
        try:
            while True:
                request = await self._next(reading.task)
                try:
                    await child.send({"op": request.op, **request.fields}, request.buffers)
                    parcel = await self._answer_of(request, child, reading)
                except PipeError:
                    self._pending.appendleft(request)  # _handle_exit answers it
                    request.fields["is_begun"] = True
                    raise
                _answer(request, parcel)
        finally:
            reading.task.cancel()
            await asyncio.gather(reading.task, return_exceptions=True)

    async def _answer_of(self, request: _PendingRequest, child: Child, reading: "_Reading") -> Parcel:
        """Wait for the answer to a request, pass on its parts, and stop the work if nobody waits for it."""
        is_stopped = False
        while True:
            waiting: set[asyncio.Future[Parcel]] = {reading.task} if is_stopped else {reading.task, request.answer}
            done, _ = await asyncio.wait(waiting, timeout=self._op_limit_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise WorkerStuckError(f"{request.op} took longer than {self._op_limit_s:.0f} s")
            if reading.task not in done:
                is_stopped = True
                await child.send({"op": "cancel"})
                continue
            parcel = reading.result()
            if "part" not in parcel.fields:
                return parcel
            if not request.answer.done():
                request.on_part(parcel)

    async def _next(self, reading: "asyncio.Task[Parcel]") -> _PendingRequest:
        """Wait for the oldest request whose sender still waits. Raises PipeError if the child dies meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            while self._pending:
                request = self._pending.popleft()
                if request.answer.done():
                    continue
                if request.deadline_s is None or loop.time() <= request.deadline_s:
                    return request
                request.answer.set_exception(AlleleError("E_DEADLINE", f"{request.op} was not started in time"))
            self._wake.clear()
            waking = asyncio.create_task(self._wake.wait())
            try:
                await asyncio.wait({waking, reading}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waking.cancel()
            if reading.done():
                reading.result()
                raise PipeError("it sent a message without a request")

    async def _handle_exit(self, child: Child | None, problem: Exception) -> None:
        """Report why the worker ended, fail its request in progress, and wait before the next start."""
        how = await child.ended() if child is not None else str(problem)
        if isinstance(problem, WorkerStuckError):
            how = str(problem)  # the exit status shows only that it was killed
        loop = asyncio.get_running_loop()
        is_quick = self._ready_s is None or loop.time() - self._ready_s < QUICK_S
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        log.error("engine worker %s: %s", self.name, how)
        begun = [request for request in self._pending if request.fields.get("is_begun")]
        for request in begun:
            self._pending.remove(request)
            hint = "try again; if it happens again, see allele daemon logs"
            if not request.answer.done():
                request.answer.set_exception(
                    AlleleError("E_ENGINE", f"the engine died during {request.op}: {how}", hint=hint)
                )
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
        while self._pending:
            request = self._pending.popleft()
            if not request.answer.done():
                request.answer.set_exception(error)

    def _change(self, state: str, detail: str) -> None:
        self.state, self.detail = state, detail
        self._on_change()


class _Reading:
    """The task that reads the child's next message."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.task = asyncio.create_task(child.read())

    def result(self) -> Parcel:
        """The message that was read, after which the next one is being read."""
        parcel = self.task.result()
        self.task = asyncio.create_task(self._child.read())
        return parcel


def _answer(request: _PendingRequest, parcel: Parcel) -> None:
    if request.answer.done():
        return
    reported = parcel.fields.get("failure")
    if reported is None:
        request.answer.set_result(parcel)
    else:
        failure = msgspec.convert(reported, Failure)
        request.answer.set_exception(AlleleError(failure.code, failure.message, hint=failure.hint))

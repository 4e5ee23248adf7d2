"""Lets the engine compute cells for edits, with the model that a strand was made with, until a client stops it.

Data flow: the handler of an edit opens an `EditInProgress` and passes its `compute` to the strands. While the engine
draws cells one frame after another, they are published as `CellsDrawn`; nothing of it is stored. A client that stops an
edit cancels the task that waits for the engine, which then stops computing; the edit fails and the strand stays.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from daemon.edits.values import Computation, Drawn
from daemon.server.services import Services
from daemon.server.settling import Compute
from daemon.server.wire.dispatch import Call
from daemon.supervision.engine_client import OnDrawn
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.events import CellsDrawn
from protocol.ranges import FrameRange
from protocol.strands import Codes, StrandMeta


def engine_for(services: Services, request: Call[Any]) -> Compute:
    """Return a function that runs a computation in the engine, with the deadline of the request."""

    async def compute(computation: Computation, meta: StrandMeta) -> Array:
        model = await services.library.model_of(meta)
        return await services.engine.compute(model.name, model.codec_id, computation, request.deadline_s)

    return compute


class EditInProgress:
    """One edit of an open strand, from its request to its reply."""

    def __init__(self, services: Services, request: Call[Any], strand: str) -> None:
        self._services, self._request, self._strand = services, request, strand
        self._task: asyncio.Task[Array] | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """Let the edit fail at its next computation, or in the current one."""
        self._is_stopped = True
        if self._task is not None:
            self._task.cancel()

    def check(self) -> None:
        """Check that the edit was not stopped.

        Raises:
            AlleleError: E_CANCELLED if it was.
        """
        if self._is_stopped:
            raise AlleleError("E_CANCELLED", "stopped: the strand is as it was")

    async def compute(self, computation: Computation, meta: StrandMeta) -> Array:
        """Run a computation in the engine, and publish the cells that it draws.

        Raises:
            AlleleError: E_CANCELLED if the edit is stopped; what the engine raises.
        """
        model = await self._services.library.model_of(meta)
        self.check()
        self._task = asyncio.create_task(
            self._services.engine.compute(
                model.name, model.codec_id, computation, self._request.deadline_s, self._publish(computation.drawn)
            )
        )
        try:
            answer = await self._task
            self.check()
            return answer
        except asyncio.CancelledError:
            self.check()
            raise
        finally:
            self._task = None

    def _publish(self, drawn: Drawn | None) -> OnDrawn:
        def publish(first: int, codes: Codes) -> None:
            if drawn is None or self._is_stopped:
                return
            cells = drawn.cells
            begins = cells.frames.first + first
            event = CellsDrawn(
                strand=self._strand,
                cause=self._request.id,
                levels=cells.levels,
                frames=FrameRange(begins, begins + codes.shape[1]),
                whole=cells.frames,
            )
            free = [np.asarray(drawn.free, np.uint8)] if codes.shape[1] == 0 else []
            self._services.publisher.publish(event, [codes[cells.levels.index], *free])

        return publish


class EditsInProgress:
    """The edits that are not answered yet, by client and request."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._edits: dict[tuple[bytes, bytes], EditInProgress] = {}

    @contextmanager
    def begin(self, request: Call[Any], strand: str) -> Generator[EditInProgress]:
        """Open an edit, which can be stopped until the context ends."""
        edit = self._edits[request.key] = EditInProgress(self._services, request, strand)
        try:
            yield edit
        finally:
            self._edits.pop(request.key, None)

    def stop(self, cid: bytes, request: bytes) -> None:
        """Stop the edit of a request.

        Raises:
            AlleleError: E_NOT_FOUND if it is answered already.
        """
        edit = self._edits.get((cid, request))
        if edit is None:
            raise AlleleError("E_NOT_FOUND", "this edit is not being computed any more", hint="undo takes it back")
        edit.stop()

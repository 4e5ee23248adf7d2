"""The table of request handlers.

Each module of handlers registers them with `DispatchTable.add`. The router finds a handler by the name in the header.
A handler receives a `Call` whose body is the typed request, and returns a `Reply` or raises an AlleleError.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.fields import Struct
from protocol.messages.registry import REQUESTS

Body = TypeVar("Body", bound=Struct)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[Body]):
    """One request as its handler receives it: the typed body, its buffers, and the sender.

    `deadline_s` is a time of the loop's clock. None means that the sender sets no limit.
    """

    op: str
    body: Body
    buffers: list[Array] = field(default_factory=list[Array])
    cid: bytes = b""
    id: bytes = b""
    deadline_s: float | None = None

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The client id and the request id, by which a repeated request is recognised."""
        return self.cid, self.id

    def check_deadline(self) -> None:
        """Check that the sender still waits for the reply.

        Raises:
            AlleleError: E_DEADLINE if the deadline has passed.
        """
        if self.deadline_s is not None and asyncio.get_running_loop().time() > self.deadline_s:
            raise AlleleError("E_DEADLINE", f"{self.op} was not started in time", hint="try again")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A typed body and the arrays that are sent with it."""

    body: Struct
    buffers: tuple[Array, ...] = ()
    sample_rate_hz: int = 0


Handler = Callable[[Call[Any]], Awaitable[Reply]]


class DispatchTable:
    """Handlers by the name of their request, which must be in protocol.messages.registry.REQUESTS."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, request: type[Body], handler: Callable[[Call[Body]], Awaitable[Reply]]) -> None:
        """Register the handler of a request.

        Raises:
            ValueError: it is not a request of the protocol, or it has a handler already.
        """
        name = request.__name__
        if name not in REQUESTS or name in self._handlers:
            raise ValueError(f"{name} is not a request, or has a handler already")
        self._handlers[name] = handler

    def find(self, op: str) -> tuple[type[Struct], Handler]:
        """Return the type of the body and the handler for a request's name.

        Raises:
            AlleleError: E_UNKNOWN_OP if the name has no handler.
        """
        handler = self._handlers.get(op)
        if handler is None:
            raise AlleleError("E_UNKNOWN_OP", f"this daemon does not answer {op[:64]!r}", hint="upgrade the daemon")
        return REQUESTS[op][0], handler

    @property
    def names(self) -> frozenset[str]:
        """The names of all requests that have a handler."""
        return frozenset(self._handlers)

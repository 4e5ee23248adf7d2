"""Which function answers which request.

A feature registers its handlers with `DispatchTable.add`; the router looks them up by the name in the header. A
handler receives a `Call` whose body is the typed request, and returns a `Reply` or raises an AlleleError.
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
    """One request as its handler sees it: the typed body, its buffers, and who sent it.

    `deadline_s` is on the loop's clock; None: the sender waits for ever.
    """

    op: str
    body: Body
    buffers: list[Array] = field(default_factory=list[Array])
    cid: bytes = b""
    id: bytes = b""
    deadline_s: float | None = None

    @property
    def key(self) -> tuple[bytes, bytes]:
        """What makes a repeated request the same request."""
        return self.cid, self.id

    def check_deadline(self) -> None:
        """Refuse to begin what nobody waits for any more.

        Raises:
            AlleleError: E_DEADLINE.
        """
        if self.deadline_s is not None and asyncio.get_running_loop().time() > self.deadline_s:
            raise AlleleError("E_DEADLINE", f"{self.op} was not begun in time", hint="ask again")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A typed body and the arrays that travel beside it."""

    body: Struct
    buffers: tuple[Array, ...] = ()
    sample_rate_hz: int = 0


Handler = Callable[[Call[Any]], Awaitable[Reply]]


class DispatchTable:
    """Request name → handler. Only names of protocol.messages.registry.REQUESTS can be added, each once."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, request: type[Body], handler: Callable[[Call[Body]], Awaitable[Reply]]) -> None:
        """Let `handler` answer `request`.

        Raises:
            ValueError: it is no request of the protocol, or is answered already.
        """
        name = request.__name__
        if name not in REQUESTS or name in self._handlers:
            raise ValueError(f"{name} is not a request, or has a handler already")
        self._handlers[name] = handler

    def find(self, op: str) -> tuple[type[Struct], Handler]:
        """The body's type and the handler.

        Raises:
            AlleleError: E_UNKNOWN_OP.
        """
        handler = self._handlers.get(op)
        if handler is None:
            raise AlleleError("E_UNKNOWN_OP", f"this daemon does not answer {op[:64]!r}", hint="upgrade the daemon")
        return REQUESTS[op][0], handler

    @property
    def names(self) -> frozenset[str]:
        """The requests that are answered."""
        return frozenset(self._handlers)

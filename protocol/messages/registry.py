"""Every request with its reply, and every event, by name, found in the modules of this package.

docs/protocol.md is their specification; a test keeps them equal. A request's name is its `op` in the header; its base,
`Request[Reply]`, says which reply answers it. Requests are imperatives, events past tense. Fields that come later get
defaults, so an older side still reads them.
"""

from types import ModuleType
from typing import Any, TypeVar, get_args

from protocol.messages import corpora, events, jobs, models, playback, session, snapshots, strands
from protocol.messages.fields import Event, Request, Struct

Body = TypeVar("Body", bound=Struct)
MODULES = (session, corpora, jobs, models, strands, snapshots, playback, events)


def _bodies(module: ModuleType, base: type[Body]) -> list[type[Body]]:
    """The bodies a module defines on a base, in the order in which they are written."""
    values = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, base)]
    return [value for value in values if value.__module__ == module.__name__]


def reply_of(request: type[Request[Any]]) -> type[Struct]:
    """The body that answers a request."""
    (base,) = request.__orig_bases__  # type: ignore[attr-defined]
    (reply,) = get_args(base)
    return reply


REQUESTS: dict[str, tuple[type[Request[Any]], type[Struct]]] = {
    request.__name__: (request, reply_of(request)) for module in MODULES for request in _bodies(module, Request)
}
EVENTS: dict[str, type[Event]] = {event.__name__: event for event in _bodies(events, Event)}

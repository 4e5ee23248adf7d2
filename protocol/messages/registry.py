"""All requests with their replies, and all events, by name. They are collected from the modules of this package.

docs/protocol.md specifies them; a test checks that both agree. A request's name is the `op` in its header. Its base
class, `Request[Reply]`, gives the type of its reply. Requests are imperatives, events are in the past tense. New fields
have defaults, so that an older version can read the message.
"""

from types import ModuleType
from typing import Any, TypeVar, get_args

from protocol.messages import (
    corpora,
    events,
    generation,
    jobs,
    models,
    novelty,
    playback,
    session,
    snapshots,
    sounds,
    strands,
)
from protocol.messages.fields import Event, Request, Struct

Body = TypeVar("Body", bound=Struct)
MODULES = (session, corpora, jobs, generation, sounds, models, strands, snapshots, novelty, playback, events)


def _bodies(module: ModuleType, base: type[Body]) -> list[type[Body]]:
    """The subclasses of `base` that a module defines, in the order of its source."""
    values = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, base)]
    return [value for value in values if value.__module__ == module.__name__]


def reply_of(request: type[Request[Any]]) -> type[Struct]:
    """The type of the body that answers a request."""
    (base,) = vars(request)["__orig_bases__"]  # types.get_original_bases, which Python 3.11 does not have
    (reply,) = get_args(base)
    return reply


REQUESTS: dict[str, tuple[type[Request[Any]], type[Struct]]] = {
    request.__name__: (request, reply_of(request)) for module in MODULES for request in _bodies(module, Request)
}
EVENTS: dict[str, type[Event]] = {event.__name__: event for event in _bodies(events, Event)}

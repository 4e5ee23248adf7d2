"""Field types that messages have in common, and the base classes of message bodies."""

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^\w[\w .+-]{0,63}\Z", description="a folder's name: no slash, no leading dot")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Path = Annotated[str, Meta(min_length=1, max_length=4096)]
Text = Annotated[str, Meta(max_length=4096)]


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of all message bodies."""


Reply = TypeVar("Reply", bound=Struct)


class Request(Struct, Generic[Reply], frozen=True, kw_only=True):
    """Base class of all requests. `Reply` is the type of the body that answers the request."""


class Event(Struct, frozen=True, kw_only=True):
    """Base class of all events."""


class Done(Struct, frozen=True, kw_only=True):
    """The request was carried out. detail: a text to show to the user."""

    detail: str = ""

"""Types of fields that all messages share, and the base of every body."""

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^\w[\w .+-]{0,63}\Z", description="a folder's name: no slash, no leading dot")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Path = Annotated[str, Meta(min_length=1, max_length=4096)]
Text = Annotated[str, Meta(max_length=4096)]


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies."""


Reply = TypeVar("Reply", bound=Struct)


class Request(Struct, Generic[Reply], frozen=True, kw_only=True):
    """Base of all requests. `Reply` is the body that answers it."""


class Event(Struct, frozen=True, kw_only=True):
    """Base of all events."""


class Done(Struct, frozen=True, kw_only=True):
    """It was done; nothing more to say. `detail` is for the person."""

    detail: str = ""

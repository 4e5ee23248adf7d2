"""Types of fields that all messages share, and the base of every body."""

from typing import Annotated

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^\w[\w .+-]{0,63}\Z", description="a folder's name: no slash, no leading dot")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Path = Annotated[str, Meta(min_length=1, max_length=4096)]
Text = Annotated[str, Meta(max_length=4096)]


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies."""

"""The handshake of hello and welcome, which ctl and aud have in common."""

import os
from importlib import metadata

from protocol.errors import AlleleError
from protocol.frames import (
    MAX_BODY_BYTES,
    MAX_BUFFER_BYTES,
    MAX_BUFFERS,
    MAX_CHUNK_BYTES,
    MAX_HEADER_BYTES,
    Message,
    unpack_body,
)
from protocol.messages.session import Hello, Limits, Welcome
from protocol.version import FEATURES, PROTOCOL_MAX, PROTOCOL_MIN, negotiate

LIMITS = Limits(
    header_bytes=MAX_HEADER_BYTES,
    body_bytes=MAX_BODY_BYTES,
    buffers=MAX_BUFFERS,
    buffer_bytes=MAX_BUFFER_BYTES,
    chunk_bytes=MAX_CHUNK_BYTES,
)


def package_version() -> str:
    """The version of the installed distribution."""
    return metadata.version("allele")


def greet(message: Message, epoch: str, seq: int) -> tuple[Hello, Welcome]:
    """Read a client's hello, and build the welcome that answers it.

    Raises:
        AlleleError: E_VERSION if the sides have no protocol version in common, E_BAD_REQUEST for a malformed hello.
    """
    hello = unpack_body(message.body, Hello)
    proto = negotiate(hello.proto)
    if proto is None:
        raise AlleleError(
            "E_VERSION",
            f"the client speaks protocol {hello.proto[0]} to {hello.proto[1]}, "
            f"the daemon {PROTOCOL_MIN} to {PROTOCOL_MAX}",
            hint="install the same Allele version on both sides, then: allele daemon restart",
        )
    welcome = Welcome(
        proto=proto,
        epoch=epoch,
        seq=seq,
        limits=LIMITS,
        features=list(FEATURES),
        version=package_version(),
        pid=os.getpid(),
    )
    return hello, welcome

"""Convert messages to ZeroMQ frames and back. Only this module knows the order of frames.

    [routing id] | b"AL" ver kind | header msgpack ≤ 4 KiB | body msgpack ≤ 1 MiB | raw buffers (≤ 16, ≤ 16 MiB)

`unpack` checks frame count and sizes first, then magic, version and kind, then the header, then the sizes of the
buffers. The body is decoded last. For any input, `unpack` raises no exception but `AlleleError`. This module sends and
receives nothing.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, TypeVar

import msgpack
import msgspec

from protocol.arrays import Array, BufferSpec, pack_array, unpack_array
from protocol.errors import AlleleError
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN

T = TypeVar("T")

MAGIC = b"AL"
MAX_HEADER_BYTES = 4 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_BUFFERS = 16
MAX_BUFFER_BYTES = 16 * 1024 * 1024
MAX_CHUNK_BYTES = 64 * 1024
ID_BYTES = 16


class Kind(IntEnum):
    """The kind of a message: one byte that can be read before anything is decoded."""

    HELLO = 1
    WELCOME = 2
    REQ = 3
    REP = 4
    ERR = 5
    EVT = 6
    PING = 7
    PONG = 8
    CREDIT = 9
    CHUNK = 10


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a message: its sender, its type, and the request that it answers.

    id: 16 bytes, chosen by the sender. A repeated request id receives the stored reply.
    cid: 16 bytes that identify the client. op: name of the request, reply or event in protocol.messages.
    re: id of the request that this answers. epoch: identifies one run of the daemon. seq: number of the event in it.
    deadline_ms: how long the sender waits for an answer.
    """

    op: str
    id: bytes = b""
    cid: bytes = b""
    re: bytes | None = None
    epoch: str | None = None
    seq: int | None = None
    deadline_ms: int | None = None
    bufs: list[BufferSpec] = []


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message, received or to be sent. `body` is still msgpack; `unpack_body` decodes it as a given type."""

    kind: Kind
    header: Header
    body: bytes = b""
    buffers: list[Any] = []


def pack_body(body: msgspec.Struct | None) -> bytes:
    """Encode a typed body as msgpack; None is the empty body."""
    if body is None:
        return b""
    packed = msgpack.packb(msgspec.to_builtins(body, builtin_types=(bytes,)), use_bin_type=True)
    return b"" if packed is None else packed


def unpack_body(data: bytes | memoryview, type_: type[T]) -> T:
    """Decode msgpack as a body of the given type.

    Raises:
        AlleleError: E_BAD_FRAME if it is not msgpack, E_BAD_REQUEST if its fields do not match the type.
    """
    try:
        plain = msgpack.unpackb(data, raw=False, strict_map_key=True) if len(data) else {}
    except Exception as problem:  # noqa: BLE001 - hostile bytes raise many kinds of exception with one meaning
        raise AlleleError("E_BAD_FRAME", f"the body is not msgpack: {problem}") from None
    try:
        return msgspec.convert(plain, type_, builtin_types=(bytes,))
    except (msgspec.ValidationError, RecursionError) as problem:
        raise AlleleError("E_BAD_REQUEST", f"{type_.__name__}: {problem}") from None


def pack(
    kind: Kind,
    header: Header,
    body: msgspec.Struct | None = None,
    buffers: Sequence[Array] = (),
    *,
    sample_rate_hz: int = 0,
    version: int = PROTOCOL_MAX,
) -> list[bytes | memoryview]:
    """Build the frames of one message, without a routing id.

    Raises:
        AlleleError: E_BAD_REQUEST if the message would exceed a limit of the protocol.
    """
    packed = [pack_array(array, sample_rate_hz) for array in buffers]
    full = msgspec.structs.replace(header, bufs=[spec for spec, _ in packed])
    head, payload = pack_body(full), pack_body(body)
    _check_sizes(len(head), len(payload), [data.nbytes for _, data in packed], kind, "E_BAD_REQUEST")
    return [MAGIC + bytes((version, kind)), head, payload, *(data for _, data in packed)]


def unpack(parts: Sequence[bytes | memoryview]) -> Message:
    """Read a message from the frames that follow the routing id.

    Raises:
        AlleleError: E_BAD_FRAME, or E_VERSION for a protocol version that this side does not support.
    """
    if not 3 <= len(parts) <= 3 + MAX_BUFFERS:
        raise AlleleError("E_BAD_FRAME", f"a message has 3 to {3 + MAX_BUFFERS} frames, not {len(parts)}")
    kind = _check_prefix(bytes(parts[0][:5]))
    sizes = [memoryview(part).nbytes for part in parts]
    _check_sizes(sizes[1], sizes[2], sizes[3:], kind, "E_BAD_FRAME")
    header = unpack_body(parts[1], Header)
    if len(header.bufs) != len(parts) - 3:
        raise AlleleError("E_BAD_FRAME", f"the header names {len(header.bufs)} buffers, {len(parts) - 3} came")
    if len(header.id) not in (0, ID_BYTES) or len(header.cid) not in (0, ID_BYTES):
        raise AlleleError("E_BAD_FRAME", f"ids have {ID_BYTES} bytes")
    arrays = [unpack_array(spec, data) for spec, data in zip(header.bufs, parts[3:], strict=True)]
    return Message(kind=kind, header=header, body=bytes(parts[2]), buffers=arrays)


def _check_prefix(prefix: bytes) -> Kind:
    if len(prefix) != 4 or prefix[:2] != MAGIC:
        raise AlleleError("E_BAD_FRAME", "this is not the Allele protocol")
    if not PROTOCOL_MIN <= prefix[2] <= PROTOCOL_MAX:
        raise AlleleError(
            "E_VERSION",
            f"the message is of protocol {prefix[2]}, this side speaks {PROTOCOL_MIN} to {PROTOCOL_MAX}",
            hint="install the same Allele version on both sides",
        )
    try:
        return Kind(prefix[3])
    except ValueError:
        raise AlleleError("E_BAD_FRAME", f"no message is of kind {prefix[3]}") from None


def _check_sizes(head: int, body: int, buffers: Sequence[int], kind: Kind, code: str) -> None:
    limit = MAX_CHUNK_BYTES if kind is Kind.CHUNK else MAX_BUFFER_BYTES
    if head > MAX_HEADER_BYTES:
        raise AlleleError(code, f"a header has at most {MAX_HEADER_BYTES} bytes, not {head}")
    if body > MAX_BODY_BYTES:
        raise AlleleError(code, f"a body has at most {MAX_BODY_BYTES} bytes, not {body}")
    if len(buffers) > MAX_BUFFERS:
        raise AlleleError(code, f"a message has at most {MAX_BUFFERS} buffers, not {len(buffers)}")
    if any(size > limit for size in buffers):
        raise AlleleError(code, f"a buffer has at most {limit} bytes, not {max(buffers)}")

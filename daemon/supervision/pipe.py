"""Messages between the broker and its children: a length-prefixed msgpack header, then raw buffers.

    u32 header length | header msgpack {op, id, …, bufs: [{dt, shape}]} | buffer 0 | buffer 1 | …

Both ends belong to this program, but a child may be defective in any way. Sizes are therefore checked, and pickled data
is never loaded.
"""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import msgpack
import msgspec

from protocol.arrays import Array, BufferSpec, pack_array, unpack_array
from protocol.errors import AlleleError

MAX_HEADER_BYTES = 8 * 1024 * 1024
MAX_BUFFER_BYTES = 128 * 1024 * 1024
_LENGTH = struct.Struct("<I")


class PipeError(Exception):
    """The other end is closed, or has sent an invalid message."""


@dataclass(frozen=True)
class Parcel:
    """One message: a dictionary of plain values, and arrays."""

    fields: dict[str, Any]
    buffers: list[Array] = field(default_factory=list[Array])


def pack_parcel(fields: dict[str, Any], buffers: Sequence[Array] = ()) -> list[bytes | memoryview]:
    """Encode one message as a list of byte strings."""
    packed = [pack_array(array) for array in buffers]
    specs = [{"dt": spec.dt, "shape": spec.shape} for spec, _ in packed]
    header = msgpack.packb({**fields, "bufs": specs}, use_bin_type=True) or b""
    return [_LENGTH.pack(len(header)), header, *(data for _, data in packed)]


def _header(data: bytes) -> tuple[dict[str, Any], list[BufferSpec], list[int]]:
    try:
        fields = msgpack.unpackb(data, raw=False)
        specs = msgspec.convert(fields.pop("bufs"), list[BufferSpec])
        sizes = [_bytes_of(spec) for spec in specs]
    except Exception as problem:  # noqa: BLE001 - a broken child may send anything
        raise PipeError(f"the header cannot be read: {problem}") from None
    return fields, specs, sizes


def _bytes_of(spec: BufferSpec) -> int:
    size = 1
    for extent in spec.shape:
        size *= max(0, extent)
    size *= {"<u2": 2, "<i2": 2, "<f4": 4, "|u1": 1, "<i4": 4}[spec.dt]
    if size > MAX_BUFFER_BYTES:
        raise PipeError(f"a buffer of {size} bytes is too large")
    return size


def _check_length(raw: bytes) -> int:
    (length,) = _LENGTH.unpack(raw)
    if length > MAX_HEADER_BYTES:
        raise PipeError(f"a header of {length} bytes is too large")
    return length


async def read_parcel(reader: asyncio.StreamReader) -> Parcel:
    """Read the next message at the broker's end.

    Raises:
        PipeError: the pipe has ended, or the message is invalid.
    """
    try:
        length = _check_length(await reader.readexactly(_LENGTH.size))
        fields, specs, sizes = _header(await reader.readexactly(length))
        raw = [await reader.readexactly(size) for size in sizes]
        return Parcel(fields, [unpack_array(spec, data) for spec, data in zip(specs, raw, strict=True)])
    except (asyncio.IncompleteReadError, OSError, AlleleError) as problem:
        raise PipeError(str(problem)) from None


def read_parcel_blocking(stream: BinaryIO) -> Parcel:
    """Read the next message at the child's end, waiting for it.

    Raises:
        PipeError: the pipe has ended, or the message is invalid.
    """
    length = _check_length(_exactly(stream, _LENGTH.size))
    fields, specs, sizes = _header(_exactly(stream, length))
    raw = [_exactly(stream, size) for size in sizes]
    return Parcel(fields, [unpack_array(spec, data) for spec, data in zip(specs, raw, strict=True)])


def _exactly(stream: BinaryIO, size: int) -> bytes:
    try:
        data = stream.read(size)
    except OSError as problem:
        raise PipeError(str(problem)) from None
    if len(data) != size:
        raise PipeError("the pipe ended")
    return data

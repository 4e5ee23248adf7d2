"""Convert numpy arrays to message buffers and back: raw little-endian bytes in C order, described in the header.

Shape:
    codes (Q, T) `<u2`; PCM (C, L) `<f4`; codebook ranks (Q, K) `<u2`. Any shape of at most 4 axes is accepted.
"""

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from protocol.errors import AlleleError

DTYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name) for name in ("<u2", "<i2", "<f4", "|u1", "<i4")}
MAX_AXES = 4

Array = npt.NDArray[Any]


class BufferSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The type and shape of one buffer. `sr` is the sample rate in Hz if the buffer is PCM, otherwise 0."""

    dt: str
    shape: list[int]
    sr: int = 0


def pack_array(array: Array, sample_rate_hz: int = 0) -> tuple[BufferSpec, memoryview]:
    """Return the description and the bytes of an array. Copies it only if it is not contiguous or not little-endian.

    Raises:
        AlleleError: E_BAD_REQUEST for a dtype or a number of axes that messages do not allow.
    """
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    name = little.dtype.str
    if name not in DTYPES or little.ndim > MAX_AXES:
        raise AlleleError("E_BAD_REQUEST", f"arrays of {array.dtype} with {array.ndim} axes cannot be sent")
    data = np.ascontiguousarray(little)
    raw = memoryview(data.data).cast("B") if data.size else memoryview(b"")
    return BufferSpec(dt=name, shape=list(array.shape), sr=sample_rate_hz), raw


def unpack_array(spec: BufferSpec, data: bytes | memoryview) -> Array:
    """Return the array that a buffer holds. Copies it if the bytes are misaligned, as in small ZeroMQ frames.

    Raises:
        AlleleError: E_BAD_FRAME when dtype, shape and byte count do not agree.
    """
    dtype = DTYPES.get(spec.dt)
    if dtype is None or len(spec.shape) > MAX_AXES or any(n < 0 for n in spec.shape):
        raise AlleleError("E_BAD_FRAME", f"a buffer of type {spec.dt!r} and shape {spec.shape} is not allowed")
    size = memoryview(data).nbytes
    if math.prod(spec.shape) * dtype.itemsize != size:
        raise AlleleError("E_BAD_FRAME", f"{size} bytes are not an array of {spec.dt} {spec.shape}")
    array = np.frombuffer(data, dtype=dtype).reshape(spec.shape)
    return array if array.flags.aligned else array.copy()

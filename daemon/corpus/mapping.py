"""Memory-map cached audio without keeping a file descriptor open for each recording.

`mmap.mmap`, and with it numpy's mapping, keeps a descriptor for every map, so that 320 recordings exceed the 256 open
files that some systems allow. The operating system needs no descriptor: a map stays valid when its file is closed or
deleted. Python 3.13 has `trackfd=False` for that; until it is the oldest supported version, this module calls the C
library.
"""

import ctypes
import mmap
import os
import weakref
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_C = ctypes.CDLL(None, use_errno=True)
_C.mmap.restype = ctypes.c_void_p
_C.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_C.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_FAILED = ctypes.c_void_p(-1).value


def map_array(path: Path) -> NDArray[np.float32]:
    """Map the array of a `.npy` file, read-only, backed by the file's pages.

    Raises:
        OSError: the file cannot be opened or mapped.
        ValueError: it is not a `.npy` file, or shorter than its header states.
    """
    with path.open("rb") as file:
        shape, is_fortran, dtype = _header(file)
        offset, size = file.tell(), os.fstat(file.fileno()).st_size
        count = int(np.prod(shape, dtype=np.int64))
        if dtype.hasobject or min(shape, default=0) < 0 or size < offset + count * dtype.itemsize:
            raise ValueError(f"{size} bytes cannot hold an array of {shape}")
        memory = _map(file.fileno(), size)
    array = np.frombuffer(memoryview(memory), dtype, count, offset).reshape(shape, order="F" if is_fortran else "C")
    array.flags.writeable = False
    return array


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[np.float32]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read(file)


def _map(descriptor: int, size: int) -> "ctypes.Array[ctypes.c_char]":
    """Map the first `size` bytes of an open file; the map is released with the last reference to it."""
    address = _C.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address in (None, _FAILED):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    memory = (ctypes.c_char * size).from_address(address)
    weakref.finalize(memory, _C.munmap, address, size).atexit = False
    return memory

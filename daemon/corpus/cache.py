"""Write the samples of one recording as a `.npy` file, block by block; it is memory-mapped when read.

The array is `(C, L)` float32 in Fortran order. On disk that is interleaved, as decoders return it, and
`numpy.load(..., mmap_mode="r")` reads it as `(C, L)`. The length is only known at the end, so a header
of fixed size is written first and overwritten then.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from protocol.atomic import replacing

_HEADER_BYTES = 128


class CacheWriter:
    """Writer of `(C, L)` blocks; `sha256` covers the number of channels and all samples added so far."""

    def __init__(self, file: BinaryIO, channels: int) -> None:
        self._file = file
        self._channels = channels
        self._samples = 0
        self._digest = hashlib.sha256(bytes([channels]))
        self._is_discarded = False
        file.write(_header(channels, 0))

    def add(self, block: NDArray[np.float32]) -> None:
        """Append the next block of samples."""
        interleaved = np.ascontiguousarray(block.T, np.dtype("<f4")).tobytes()
        self._digest.update(interleaved)
        self._file.write(interleaved)
        self._samples += block.shape[1]

    @property
    def sha256(self) -> str:
        """SHA-256 of the decoded audio, independent of the format of its file."""
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Discard everything written, so that no file is left."""
        self._is_discarded = True

    def finish(self) -> None:
        """Overwrite the header with the final length."""
        if self._is_discarded:
            raise _DiscardedError
        self._file.seek(0)
        self._file.write(_header(self._channels, self._samples))


class _DiscardedError(Exception):
    pass


@contextmanager
def write_cache(path: Path, channels: int) -> Generator[CacheWriter]:
    """Open a writer whose file appears under `path` only if no error occurred and it was not discarded."""
    try:
        with replacing(path) as file:
            writer = CacheWriter(file, channels)
            yield writer
            writer.finish()
    except _DiscardedError:
        return


def _header(channels: int, samples: int) -> bytes:
    fields = f"{{'descr': '<f4', 'fortran_order': True, 'shape': ({channels}, {samples}), }}"
    return (
        b"\x93NUMPY\x01\x00"
        + (_HEADER_BYTES - 10).to_bytes(2, "little")
        + fields.ljust(_HEADER_BYTES - 11).encode("ascii")
        + b"\n"
    )

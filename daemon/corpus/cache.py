"""The samples of one file as `.npy`, written as a stream, mapped into memory when read.

The array is `(C, L)` float32 in Fortran order: on disk that is interleaved, which is what a decoder
gives, and `numpy.load(..., mmap_mode="r")` shows it as `(C, L)`. The length is not known until the
end, so a header of fixed size is written twice.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from daemon.files.atomic import replacing

_HEADER_BYTES = 128


class CacheWriter:
    """Takes `(C, L)` blocks; `sha256` covers channels and samples taken so far."""

    def __init__(self, file: BinaryIO, channels: int) -> None:
        self._file = file
        self._channels = channels
        self._samples = 0
        self._digest = hashlib.sha256(bytes([channels]))
        self._is_discarded = False
        file.write(_header(channels, 0))

    def add(self, block: NDArray[np.float32]) -> None:
        """Append the next samples."""
        interleaved = np.ascontiguousarray(block.T, np.dtype("<f4")).tobytes()
        self._digest.update(interleaved)
        self._file.write(interleaved)
        self._samples += block.shape[1]

    @property
    def sha256(self) -> str:
        """Of the audio itself, whatever file it came from."""
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Leave no file behind."""
        self._is_discarded = True

    def finish(self) -> None:
        """Write the header again, with the length."""
        if self._is_discarded:
            raise _DiscardedError
        self._file.seek(0)
        self._file.write(_header(self._channels, self._samples))


class _DiscardedError(Exception):
    pass


@contextmanager
def write_cache(path: Path, channels: int) -> Generator[CacheWriter]:
    """A writer whose file appears under `path` only when everything went well and was not discarded."""
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

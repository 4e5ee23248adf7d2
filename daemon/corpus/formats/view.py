"""A read-only file composed of ranges of another file and of new bytes, for a decoder to read.

libsndfile trusts the sizes in a header. If they are wrong, it reads a view in which they are right. The sound itself
stays in the user's file and is never copied. If that file changes while it is read, the view ends early or holds other
bytes, and the decoder reports any error.
"""

import bisect
import io
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True)
class Range:
    """Bytes `start` to `stop` (half-open) of the file."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Length of the range in bytes."""
        return self.stop - self.start


Piece = bytes | Range


def join_ranges(ranges: Sequence[Range]) -> list[Piece]:
    """Join adjacent ranges, so that the same bytes have as few pieces as possible."""
    joined: list[Piece] = []
    for piece in ranges:
        last = joined[-1] if joined else None
        if isinstance(last, Range) and last.stop == piece.start:
            joined[-1] = Range(last.start, piece.stop)
        elif piece.size > 0:
            joined.append(piece)
    return joined


class FileView(io.RawIOBase):
    """A seekable, read-only file composed of pieces. Closing it closes the underlying file."""

    def __init__(self, path: Path, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._pieces = list(pieces)
        sizes = (piece.size if isinstance(piece, Range) else len(piece) for piece in self._pieces)
        self._starts = [0, *itertools.accumulate(sizes)]
        self._at = 0

    def readable(self) -> bool:
        """Always True: a view can be read and sought."""
        return True

    def seekable(self) -> bool:
        """Always True: a view can be read and sought."""
        return True

    def tell(self) -> int:
        """Current position in the view."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, as `io` files do."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read bytes into a buffer; returns how many were read."""
        target = memoryview(buffer).cast("B")
        done = 0
        while done < len(target) and self._at < self._starts[-1]:
            read = self._some(len(target) - done)
            if not read:
                break
            target[done : done + len(read)] = read
            done += len(read)
            self._at += len(read)
        return done

    def _some(self, most: int) -> bytes:
        """The next bytes of the piece at the current position."""
        index = bisect.bisect_right(self._starts, self._at) - 1
        piece = self._pieces[index]
        within = self._at - self._starts[index]
        if isinstance(piece, bytes):
            return piece[within : within + most]
        self._file.seek(piece.start + within)
        return self._file.read(min(most, piece.size - within))

    def close(self) -> None:
        """Close the underlying file, too."""
        self._file.close()
        super().close()

"""A file made of ranges of another file and of bytes of our own, for a decoder to read.

libsndfile believes the sizes of a header. Where they are wrong, it is handed a view in which they are right; the sound
itself stays in the person's file and is never copied. What can go wrong: the file changes while it is read; the view
then ends early or holds other bytes, and the decoder judges those.
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
        """Its length in bytes."""
        return self.stop - self.start


Piece = bytes | Range


def join_ranges(ranges: Sequence[Range]) -> list[Piece]:
    """The same bytes in as few pieces as possible: ranges that touch become one."""
    joined: list[Piece] = []
    for piece in ranges:
        last = joined[-1] if joined else None
        if isinstance(last, Range) and last.stop == piece.start:
            joined[-1] = Range(last.start, piece.stop)
        elif piece.size > 0:
            joined.append(piece)
    return joined


class FileView(io.RawIOBase):
    """A seekable, read-only file of pieces. Closing it closes the file beneath."""

    def __init__(self, path: Path, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._pieces = list(pieces)
        sizes = (piece.size if isinstance(piece, Range) else len(piece) for piece in self._pieces)
        self._starts = [0, *itertools.accumulate(sizes)]
        self._at = 0

    def readable(self) -> bool:
        """Always True."""
        return True

    def seekable(self) -> bool:
        """Always True."""
        return True

    def tell(self) -> int:
        """The position in the view."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, as `io` files do."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as there are bytes; how many there were."""
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
        """The next bytes of the piece that the position lies in."""
        index = bisect.bisect_right(self._starts, self._at) - 1
        piece = self._pieces[index]
        within = self._at - self._starts[index]
        if isinstance(piece, bytes):
            return piece[within : within + most]
        self._file.seek(piece.start + within)
        return self._file.read(min(most, piece.size - within))

    def close(self) -> None:
        """Close the file beneath."""
        self._file.close()
        super().close()

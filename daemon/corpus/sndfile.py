"""Decode one stretch of sound with libsndfile: the file itself, or a view of it with a corrected header."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.corpus.formats.layout import Link
from daemon.corpus.formats.view import FileView
from daemon.corpus.streams import BLOCK_VALUES, Block

SALVAGE_FRAMES = 512
FAILURES = (soundfile.LibsndfileError, OSError, RuntimeError, TypeError, ValueError)


class SndfileStream:
    """A link of a file, decoded by libsndfile; implements `SoundStream`."""

    def __init__(self, path: Path, link: Link) -> None:
        """Open a link of a file.

        Raises:
            one of FAILURES: libsndfile cannot read the link.
        """
        self._path, self._link = path, link
        self._view: FileView | None = None
        self._file = self._open()
        if link.plain_frames is not None and self._view is None and self._file.frames != link.plain_frames:
            self._file.close()
            self._link = Link(pieces=link.pieces, is_exact=link.is_exact)
            self._file = self._open()
        self.rate_hz, self.channels = self._file.samplerate, self._file.channels
        self.claimed_s = self._file.frames / self.rate_hz if link.is_exact and self.rate_hz > 0 else None
        self.is_broken = self.is_holed = False
        self.other_streams = 0

    def _open(self) -> soundfile.SoundFile:
        if self._link.pieces is None or self._link.plain_frames is not None:
            return soundfile.SoundFile(self._path)
        self._view = FileView(self._path, self._link.pieces)
        try:
            return soundfile.SoundFile(cast(Any, self._view))  # soundfile accepts any object with read and seek
        except FAILURES:
            self._view.close()
            raise

    def blocks(self) -> Iterator[Block]:
        """Decode from the start, including the samples before an error inside a block."""
        size, frames = max(1, BLOCK_VALUES // self.channels), 0
        try:
            while True:
                try:
                    read = self._file.read(size, dtype="float32", always_2d=True)
                except (soundfile.LibsndfileError, RuntimeError):
                    self.is_broken = True
                    break
                if not len(read):
                    return
                frames += len(read)
                yield Block(_floats(read), self.rate_hz)
            yield from self._salvage(frames)
        finally:
            self.close()

    def _salvage(self, start: int) -> Iterator[Block]:
        """Yield the samples before an error in small blocks; libsndfile drops the whole block that contains it."""
        with suppress(soundfile.LibsndfileError, RuntimeError, OSError):
            self.close()
            self._file = self._open()
            self._file.seek(start)
            while len(read := self._file.read(SALVAGE_FRAMES, dtype="float32", always_2d=True)):
                yield Block(_floats(read), self.rate_hz)

    def close(self) -> None:
        """Close the file and the view."""
        with suppress(soundfile.LibsndfileError):
            self._file.close()
        if self._view is not None:
            self._view.close()


def _floats(read: object) -> NDArray[np.float32]:
    return np.asarray(read, np.float32)

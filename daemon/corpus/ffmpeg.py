"""Decode one file with FFmpeg through PyAV: formats that libsndfile does not read (AAC, WavPack, Matroska and others).

FFmpeg runs only in a child process whose memory is limited. It is given the format, so it never guesses, and an open
file instead of a path, so that a hostile playlist or reference inside a file reaches nothing else. PyAV is optional;
`is_there` checks for it. FFmpeg removes encoder delay by the container's edit list; padding at the end is cut by the
container's length.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.formats.layout import Link
from daemon.corpus.formats.view import FileView, Range
from daemon.corpus.streams import BLOCK_VALUES, Block, UnreadableFileError

if TYPE_CHECKING:
    import av

EXTENSIONS = frozenset(
    {".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".aac", ".wv", ".mka", ".mkv", ".webm", ".wma", ".tta", ".spx"}
)
EXACT = frozenset({"mov", "wv", "tta"})  # the container states the length to the sample
MOST_PADDING = 4096  # samples that an encoder adds to fill its last frame
MISSING = "PyAV is not installed"
INSTALL = "pip install av"


def is_there() -> bool:
    """Whether PyAV is installed. It is not imported for this, which would take 0.1 s and 60 MiB."""
    return importlib.util.find_spec("av") is not None


class FfmpegStream:
    """The first sound track of a file, decoded by FFmpeg; implements `SoundStream`."""

    def __init__(self, path: Path, form: str, name: str, link: Link | None = None) -> None:
        """Open a file and decode its first frame; only then are rate and channels certain.

        Args:
            form: FFmpeg's name of the container.
            name: the common name of the format, for messages.
            link: the part of the file to read; None for all of it.

        Raises:
            UnreadableFileError: PyAV is missing, or the file holds no sound that can be decoded.
        """
        if not is_there():
            raise UnreadableFileError(
                f"It is {name}, and {MISSING}, which reads that format.",
                f"Convert it to WAV, or install PyAV: {INSTALL}.",
            )
        import av
        from av.error import FFmpegError

        pieces = link.pieces if link is not None else None
        self._file = FileView(path, pieces or [Range(0, path.stat().st_size)])
        try:
            self._container = av.open(self._file, mode="r", format=form, metadata_errors="ignore")
        except (FFmpegError, OSError, ValueError) as error:
            self._file.close()
            raise _unreadable(name, error) from error
        self.is_broken = self.is_holed = False
        self._length: int | None = None
        self._frames = self._decoded()
        try:
            self._stream = self._choose(name)
            self._first = next(self._frames, None)
            if self._first is None:
                raise UnreadableFileError(f"Nothing of its sound ({name}) could be decoded.", "Convert it to WAV.")
        except BaseException:
            self.close()
            raise
        self.rate_hz = self._first.sample_rate
        self.channels = self._first.layout.nb_channels
        self.claimed_s = self._claimed_s(form)
        if form == "mov" and self.claimed_s is not None:
            self._length = round(self.claimed_s * self.rate_hz)

    def _choose(self, name: str) -> "av.AudioStream":
        tracks = self._container.streams.audio
        if not tracks:
            raise UnreadableFileError(f"It holds no sound track ({name}).", "Remove it.")
        self.other_streams = len(tracks) - 1
        if getattr(tracks[0], "codec_context", None) is None:
            raise UnreadableFileError("Its sound is protected, or of an unknown codec.", "Convert it to WAV.")
        return tracks[0]

    def _claimed_s(self, form: str) -> float | None:
        stream = self._stream
        if form in EXACT and stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        if form == "matroska":
            with suppress(ValueError, KeyError):
                hours, minutes, seconds = stream.metadata["DURATION"].split(":")
                return 3600 * float(hours) + 60 * float(minutes) + float(seconds)
        return None

    def _decoded(self) -> "Iterator[av.AudioFrame]":
        """Yield every frame that can be decoded; packets with errors are skipped and set `is_broken` or `is_holed`."""
        from av.error import FFmpegError

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError):
                self.is_broken = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (FFmpegError, OSError):
                self.is_broken = True  # becomes `is_holed` if frames follow
                continue
            if frames and self.is_broken:
                self.is_broken, self.is_holed = False, True
            yield from frames

    def blocks(self) -> Iterator[Block]:
        """Decode from the start, several frames per block."""
        held: list[NDArray[np.float32]] = []
        rate, size, total = self.rate_hz, 0, 0
        try:
            for frame in self._all():
                samples = as_floats(frame)
                if self._length is not None and 0 < total + len(samples) - self._length <= MOST_PADDING:
                    samples = samples[: max(0, self._length - total)]
                total += len(samples)
                if held and (frame.sample_rate != rate or samples.shape[1] != held[0].shape[1] or size > BLOCK_VALUES):
                    yield Block(np.concatenate(held), rate)
                    held, size = [], 0
                held.append(samples)
                rate, size = frame.sample_rate, size + samples.size
            if held:
                yield Block(np.concatenate(held), rate)
        finally:
            self.close()

    def _all(self) -> "Iterator[av.AudioFrame]":
        if self._first is not None:
            yield self._first
        yield from self._frames

    def close(self) -> None:
        """Close the container and the file."""
        self._container.close()
        self._file.close()


def as_floats(frame: "av.AudioFrame") -> NDArray[np.float32]:
    """Convert a decoded frame to `(L, C)` float32, full scale 1."""
    array: NDArray[Any] = frame.to_ndarray()
    array = array.T if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    zero, full_scale = (128, 128.0) if array.dtype == np.uint8 else (0, float(1 << 8 * array.dtype.itemsize - 1))
    return ((array - float(zero)) / full_scale).astype(np.float32)


def _unreadable(name: str, error: Exception) -> UnreadableFileError:
    reason = str(getattr(error, "strerror", None) or error).strip().rstrip(".")
    return UnreadableFileError(
        f"It looks like {name} but cannot be read ({reason}); its end may be missing.",
        "Copy or export the file again, or convert it to WAV.",
    )

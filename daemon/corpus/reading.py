"""Decode one audio file as a bounded stream, without trusting its header.

Data flow: the container is analysed (`formats`) → links → one decoder per link → blocks converted to the first link's
rate and channels. libsndfile reads the formats it supports; FFmpeg (PyAV) reads the others. The number of frames in a
header never limits decoding; it only shows whether something is missing. A file that cannot be read raises
`UnreadableFileError`; lesser problems are recorded in the `Decoding`, and `remarks_on` words them.
"""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.ffmpeg import INSTALL, FfmpegStream, is_there
from daemon.corpus.formats.layout import Link
from daemon.corpus.formats.sniff import Container, look_into
from daemon.corpus.sndfile import FAILURES, SndfileStream
from daemon.corpus.streams import Block, SoundStream, UnreadableFileError
from daemon.dsp.resample import resample_blocks
from daemon.errors import passing_hint

LONGEST_S = 2 * 3600.0
MISSING_S = 0.1  # a smaller difference between a header's length and the sound is not damage
RATES_HZ = (2_000, 768_000)
MOST_CHANNELS = 32


@dataclass
class Decoding:
    """State of a file being decoded; all but the first three fields are final when `blocks` is exhausted.

    Attributes:
        claimed_s: length stated in the header, in seconds; None if it is unknown or an estimate.
        frames: frames read so far, at `sample_rate_hz`.
        links: number of stretches of a chained or joined file.
        unread_links: numbers, from 1, of the links that could not be read.
        other_streams: number of sound tracks that are not read.
    """

    path: Path
    sample_rate_hz: int
    channels: int
    claimed_s: float | None = None
    frames: int = 0
    links: int = 1
    unread_links: tuple[int, ...] = ()
    other_streams: int = 0
    is_cut_short: bool = False
    is_holed: bool = False
    is_unfinished: bool = False
    is_unclosed: bool = False
    is_over_limit: bool = False

    @property
    def read_s(self) -> float:
        """Length of the sound read so far, in seconds."""
        return self.frames / self.sample_rate_hz

    @property
    def is_partial(self) -> bool:
        """Whether any part of the file was not read."""
        return self.is_cut_short or self.is_holed or self.is_over_limit or bool(self.unread_links)


@dataclass
class _Reading:
    """The streams of a file, opened one at a time, so that a hundred links need one file descriptor."""

    path: Path
    container: Container
    first: SoundStream
    place: int
    """Number, from 1, of the link that `first` reads."""
    claimed_s: float | None = 0.0
    """Sum of the stated lengths of the streams; None once one of them is unknown."""
    has_broken: bool = False

    def blocks(self, decoding: Decoding) -> Iterator[Block]:
        """Yield all blocks of all streams; links that cannot be read are recorded in `decoding`."""
        yield from self._of(self.first, decoding)
        for place, link in enumerate(self.container.layout.links[self.place :], self.place + 1):
            try:
                stream = _open_link(self.path, self.container, link)
            except UnreadableFileError:
                decoding.unread_links += (place,)
                continue
            yield from self._of(stream, decoding)

    def _of(self, stream: SoundStream, decoding: Decoding) -> Iterator[Block]:
        yield from stream.blocks()
        if self.claimed_s is not None:
            self.claimed_s = None if stream.claimed_s is None else self.claimed_s + stream.claimed_s
        self.has_broken |= stream.is_broken
        decoding.is_holed |= stream.is_holed
        decoding.other_streams += stream.other_streams


def open_decoding(path: Path) -> tuple[Decoding, Iterator[NDArray[np.float32]]]:
    """Open a file; its blocks are `(C, L)` float32, with all channels, at the first link's rate.

    Links with another number of channels are converted to the first link's. Decoding stops at `LONGEST_S`, whatever
    length the header states.

    Raises:
        UnreadableFileError: not audio, an impossible header, or no permission; the iterator raises it too.
    """
    reading = _open(path)
    first, layout = reading.first, reading.container.layout
    if not RATES_HZ[0] <= first.rate_hz <= RATES_HZ[1] or not 1 <= first.channels <= MOST_CHANNELS:
        first.close()
        facts = f"{first.rate_hz} Hz, {first.channels} channels"
        raise UnreadableFileError(f"Its header is not valid ({facts}).", "Export it again as WAV or FLAC.")
    decoding = Decoding(path, first.rate_hz, first.channels, links=len(layout.links))
    decoding.unread_links = tuple(range(1, reading.place))
    decoding.is_cut_short, decoding.is_holed = layout.is_cut, layout.is_holed
    decoding.is_unfinished, decoding.is_unclosed = layout.is_unfinished, layout.is_unclosed
    decoding.other_streams = layout.other_streams
    return decoding, _blocks(reading, decoding)


def _open(path: Path) -> _Reading:
    try:
        container = look_into(path)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(*_why_not(path, error)) from error
    failure: UnreadableFileError | None = None
    for place, link in enumerate(container.layout.links, 1):
        try:
            return _Reading(path, container, _open_link(path, container, link), place)
        except UnreadableFileError as error:
            failure = failure or error
    raise failure or UnreadableFileError("It holds no sound.", "Export it again.")


def _open_link(path: Path, container: Container, link: Link) -> SoundStream:
    """Open a link with libsndfile if it can read it, otherwise with FFmpeg."""
    if not container.is_sndfile:
        return FfmpegStream(path, container.ffmpeg, container.name)
    try:
        return SndfileStream(path, link)
    except FAILURES as error:
        message, hint = _why_not(path, error)
    if container.ffmpeg and is_there():
        with suppress(UnreadableFileError):
            return FfmpegStream(path, container.ffmpeg, container.name, link)
    elif container.ffmpeg:
        hint = f"Convert it to WAV or FLAC, or install PyAV, which may read it: {INSTALL}."
    raise UnreadableFileError(message, hint)


def _blocks(reading: _Reading, decoding: Decoding) -> Iterator[NDArray[np.float32]]:
    limit = int(LONGEST_S * decoding.sample_rate_hz)
    for block in _joined(reading, decoding):
        room = limit - decoding.frames
        decoding.is_over_limit = block.shape[1] > room
        kept = block[:, :room]
        decoding.frames += kept.shape[1]
        if kept.shape[1]:
            yield kept
        if decoding.is_over_limit:
            break
    _settle(reading, decoding)


def _joined(reading: _Reading, decoding: Decoding) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of all streams at the rate and in the channels of the first."""
    for rate_hz, group in itertools.groupby(reading.blocks(decoding), key=lambda block: block.rate_hz):
        fitted = (_fit(block, decoding.channels) for block in group)
        yield from resample_blocks(fitted, rate_hz, decoding.sample_rate_hz)


def _settle(reading: _Reading, decoding: Decoding) -> None:
    """Record the stated length and whether sound is missing, after the last block."""
    claimed_s = None if decoding.unread_links else reading.claimed_s
    decoding.claimed_s = reading.container.layout.claimed_s or claimed_s
    is_short = claimed_s is not None and decoding.read_s < claimed_s - MISSING_S
    if not decoding.is_over_limit:
        decoding.is_cut_short |= is_short or reading.has_broken


def _fit(block: Block, channels: int) -> NDArray[np.float32]:
    """A block as `(C, L)` with `channels` channels; another number of channels is averaged and repeated."""
    samples = block.samples.T
    if len(samples) == channels:
        return np.asarray(samples, np.float32)
    return np.repeat(samples.mean(axis=0, keepdims=True, dtype=np.float32), channels, axis=0)


def _why_not(path: Path, error: Exception) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as refusal:
        return f"It cannot be read: {refusal.strerror}.", passing_hint(refusal, "Check its name and permissions.")
    else:
        if not head:
            return "The file is empty (0 bytes).", "Export it again."
        if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
            return "This is a text file, not audio.", "Remove it, or export the audio again."
    reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return f"It is not audio that can be read ({reason}).", "Convert it to WAV or FLAC."

"""Decode one audio file as a bounded stream, trusting nothing its header says."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.dsp.errors import passing_hint

SALVAGE_FRAMES = 512
LONGEST_S = 2 * 3600.0
BLOCK_VALUES = 1 << 18  # frames x channels per block: 1 MiB of float32
RATES_HZ = (2_000, 768_000)
MOST_CHANNELS = 32


class UnreadableFileError(Exception):
    """This one file cannot be used: `message` says why, `hint` how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass
class Decoding:
    """A file being decoded; the last three fields are settled when `blocks` is exhausted."""

    path: Path
    sample_rate_hz: int
    channels: int
    claimed_frames: int
    frames: int = 0
    is_cut_short: bool = False
    is_over_limit: bool = False

    @property
    def claimed_s(self) -> float:
        """What the header promises, in seconds."""
        return self.claimed_frames / self.sample_rate_hz


def open_decoding(path: Path) -> tuple[Decoding, Iterator[NDArray[np.float32]]]:
    """Open a file; the blocks are `(C, L)` float32 with C 1 or 2, at the file's own rate.

    More than two channels are mixed to one. Decoding stops at `LONGEST_S` whatever the header says.

    Raises:
        UnreadableFileError: not audio, an absurd header, or no permission; also from the iterator.
    """
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise UnreadableFileError(*_why_not(path, error)) from error
    if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1] or not 1 <= file.channels <= MOST_CHANNELS:
        facts = f"{file.samplerate} Hz, {file.channels} channels"
        file.close()
        raise UnreadableFileError(f"Its header makes no sense ({facts}).", "Export it again as WAV or FLAC.")
    decoding = Decoding(path, file.samplerate, file.channels, file.frames)
    return decoding, _blocks(file, decoding)


def _blocks(file: soundfile.SoundFile, decoding: Decoding) -> Iterator[NDArray[np.float32]]:
    size = BLOCK_VALUES // decoding.channels
    limit = int(LONGEST_S * decoding.sample_rate_hz)
    with file:
        while decoding.frames < limit:
            try:
                read = file.read(min(size, limit - decoding.frames), dtype="float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                decoding.is_cut_short = True
                yield from _salvage(decoding)
                return
            if not len(read):
                break
            decoding.frames += len(read)
            yield _to_two_channels(np.asarray(read, np.float32))
        else:
            with suppress(soundfile.LibsndfileError, RuntimeError):
                decoding.is_over_limit = len(file.read(1, always_2d=True)) > 0
            return
    # An MP3's length is an estimate; a lossless file that ends a block early was truncated.
    decoding.is_cut_short = decoding.frames < decoding.claimed_frames - decoding.sample_rate_hz // 10


def _salvage(decoding: Decoding) -> Iterator[NDArray[np.float32]]:
    """The samples before the damage: libsndfile drops the whole block in which it meets an error."""
    limit = int(LONGEST_S * decoding.sample_rate_hz)
    with suppress(soundfile.LibsndfileError, RuntimeError, OSError), soundfile.SoundFile(decoding.path) as file:
        file.seek(decoding.frames)
        while decoding.frames < limit:
            read = file.read(SALVAGE_FRAMES, dtype="float32", always_2d=True)
            if not len(read):
                return
            decoding.frames += len(read)
            yield _to_two_channels(np.asarray(read, np.float32))


def _to_two_channels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    if block.shape[1] > 2:
        block = block.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    return block.T


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

"""Find where the sound of a chunked file ends, from the size in its header and the bytes that are present.

A recorder writes sizes last, so a crash leaves them at 0 or at their last update. A program that writes into a pipe
cannot write them at all and leaves a number near 2 or 4 GiB. Bytes after the stated end count as sound only if nothing
else (chunks, tags, padding) explains them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from daemon.corpus.formats.layout import Bytes

SLACK_BYTES = 64  # some writers include a header in the size; less than a millisecond of sound
PIPE_SIZES = (0x7F00_0000, 0x8000_0000, 0x1_0000_0000)  # sox's AIFF; arecord and sox's WAV; ffmpeg
PIPE_SLACK = 1 << 16  # these programs subtract headers, or round down
NO_SIZE = (1 << 63) - 1  # 64-bit formats write this or a larger number for an unknown size
TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"<?xp", b"<?xm")
CHUNKS = frozenset(
    b"fmt |data|fact|LIST|list|bext|iXML|JUNK|junk|PAD |FLLR|cue |smpl|inst|acid|id3 |ID3 |PEAK|axml|chna|ds64|afsp|"
    b"cart|levl|_PMX|minf|elm1|elmo|regn|umid|ovwf|DGDA|plst|DISP|ResU|LGWV|strc|SyLp|Cr8r|muma|SAUR|"
    b"COMM|SSND|MARK|INST|MIDI|AESD|APPL|COMT|NAME|AUTH|(c) |ANNO|FVER|CHAN|"
    b"desc|pakt|kuki|chan|free|mark|info|strg|edct|uuid|umid|midi|inst|ovvw|peak".split(b"|")
)
PADDING_BLOCK = 1 << 20


class Ending(Enum):
    """How the sound of a file ends."""

    FINISHED = "the size in the header is right"
    STREAMED = "the header says that its writer did not know the size"
    UNFINISHED = "the header was never brought up to date"
    CUT = "the header promises more than there is"


@dataclass(frozen=True)
class Extent:
    """Byte range of the sound, `start` to `stop` (half-open), and how it ends."""

    start: int
    stop: int
    ending: Ending


def judge_extent(
    data: Bytes, start: int, declared: int, explains: Callable[[int], bool], *, is_unknown: bool = False
) -> Extent:
    """Decide where sound that begins at `start` ends.

    Args:
        declared: its size in bytes, as the header states it.
        explains: whether the bytes at an offset after the sound are something else of that format.
        is_unknown: whether the header states, in the format's own way, that the size is unknown.
    """
    size = len(data)
    start = min(start, size)
    available = size - start
    if declared > available + SLACK_BYTES:
        is_streamed = is_unknown or is_pipe_size(declared)
        return Extent(start, size, Ending.STREAMED if is_streamed else Ending.CUT)
    if is_unknown:
        return Extent(start, size, Ending.STREAMED)
    stop = min(size, start + declared)
    if size - stop <= (SLACK_BYTES if declared else 0):
        return Extent(start, stop, Ending.FINISHED)
    if any(explains(at) for at in ({stop, stop + (declared & 1)})) or is_padding(data, stop):
        return Extent(start, stop, Ending.FINISHED)
    return Extent(start, size, Ending.UNFINISHED)


def is_pipe_size(declared: int) -> bool:
    """Whether a size is one that programs write into a pipe when it is unknown."""
    return declared >= NO_SIZE or any(abs(declared - size) <= PIPE_SLACK for size in PIPE_SIZES)


def is_tag(data: Bytes, at: int) -> bool:
    """Whether a tag of another format begins at an offset."""
    return data[at : at + 11].startswith(TAGS)


def is_padding(data: Bytes, at: int) -> bool:
    """Whether all bytes from an offset on are zero."""
    while block := data[at : at + PADDING_BLOCK]:
        if block.strip(b"\0"):
            return False
        at += len(block)
    return True


def is_chunk(data: Bytes, at: int, byte_order: str) -> bool:
    """Whether RIFF or IFF chunks follow at an offset: a known one, or several that lead to the end of the file."""
    if is_tag(data, at):
        return True
    while at + 8 <= len(data):
        name = bytes(data[at : at + 4])
        if name in CHUNKS:
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little" if byte_order == "<" else "big")
        if not all(32 <= letter < 127 for letter in name) or at + 8 + size > len(data):
            return False
        at += 8 + size + (size & 1)
    return True

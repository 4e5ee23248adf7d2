"""FLAC: the number of samples by the last frame instead of the header; also several files one after the other.

STREAMINFO's count is written last: it is 0 if the writer could not seek back, and too small if it crashed. libsndfile
reads no further than the count, so a view with the true count replaces the file.

References: RFC 9639, 8.2 and 9.1.
"""

import struct
from dataclasses import dataclass

from daemon.corpus.formats.layout import Bytes, Layout, Link, number
from daemon.corpus.formats.view import Range

MAGIC = b"fLaC"
INFO_BYTES = 34
COUNT_MASK = (1 << 36) - 1
FARTHEST_BACK = 1 << 22  # a frame is a few KiB; 4 MiB of anything else at the end is not searched


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One native FLAC stream. `packed`: rate, channels, bits and count as the header packs them into 64 bits."""

    start: int
    stop: int
    packed: int
    largest_block: int

    @property
    def claimed(self) -> int:
        """Samples per channel by the header, 0 if unknown."""
        return self.packed & COUNT_MASK

    @property
    def channels(self) -> int:
        """Number of channels by the header."""
        return (self.packed >> 41 & 7) + 1


def is_flac(data: Bytes, at: int = 0) -> bool:
    """Whether a FLAC stream begins at an offset: its magic number, and a valid stream header."""
    head = bytes(data[at : at + 8])
    return (
        head[:4] == MAGIC and head[4] & 0x7F == 0 and head[5:8] == b"\0\0\x22" and number(data, at + 18, ">Q") >> 44 > 0
    )


def lay_out_flac(data: Bytes, start: int = 0) -> Layout:
    """The layout of one FLAC stream or of several that were joined."""
    starts = [start]
    at = data.find(MAGIC, start + 4)
    while at >= 0:
        starts += [at] if is_flac(data, at) else []
        at = data.find(MAGIC, at + 4)
    stops = [*starts[1:], len(data)]
    streams = [_stream(data, begin, stop) for begin, stop in zip(starts, stops, strict=True)]
    counts = [last_sample(data, stream) for stream in streams]
    is_short = [0 < stream.claimed < count for stream, count in zip(streams, counts, strict=True)]
    if len(streams) == 1 and not is_short[0] and streams[0].claimed:
        return Layout()
    links = [_link(data, stream, max(count, stream.claimed)) for stream, count in zip(streams, counts, strict=True)]
    return Layout(links=links, is_unfinished=any(is_short))


def _stream(data: Bytes, start: int, stop: int) -> Stream:
    return Stream(
        start=start, stop=stop, packed=number(data, start + 18, ">Q"), largest_block=number(data, start + 10, ">H")
    )


def _link(data: Bytes, stream: Stream, count: int) -> Link:
    packed = struct.pack(">Q", stream.packed & ~COUNT_MASK | min(count, COUNT_MASK))
    head = bytes(data[stream.start : stream.start + 18])
    return Link(pieces=[head, packed, Range(stream.start + 26, stream.stop)])


def last_sample(data: Bytes, stream: Stream) -> int:
    """End of the last frame in samples; 0 if no frame is found. The last frame may be incomplete."""
    at = stream.stop
    lowest = max(stream.start + 4 + 4 + INFO_BYTES, stream.stop - FARTHEST_BACK)
    while (at := data.rfind(b"\xff", lowest, at)) >= 0:
        count = _frame_end(bytes(data[at : at + 16]), stream)
        if count:
            return count
    return 0


def _frame_end(head: bytes, stream: Stream) -> int:
    """Sample position after the frame with this header; 0 if it is not a frame header of this stream."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return 0
    size_code, rate_code = head[2] >> 4, head[2] & 15
    assignment = head[3] >> 4
    channels = assignment + 1 if assignment < 8 else 2
    coded = _coded_number(head, 4)
    if size_code == 0 or rate_code == 15 or coded is None or assignment > 10 or channels != stream.channels:
        return 0
    value, at = coded
    block, at = _block_size(head, at, size_code)
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if len(head) <= at or _crc8(head[:at]) != head[at]:
        return 0
    is_variable = bool(head[1] & 1)
    return (value if is_variable else value * stream.largest_block) + block


def _coded_number(head: bytes, at: int) -> tuple[int, int] | None:
    """Decode a number coded like a UTF-8 character; returns it and the offset after it."""
    first = head[at]
    length = next((bits for bits in range(8) if not first & 0x80 >> bits), 8)
    if length == 1 or length == 8:
        return None
    value = first & (0x7F >> length if length else 0x7F)
    for follow in head[at + 1 : at + max(1, length)]:
        value = value << 6 | follow & 0x3F
    return value, at + max(1, length)


def _block_size(head: bytes, at: int, code: int) -> tuple[int, int]:
    if code in (6, 7):
        width = code - 5
        return int.from_bytes(head[at : at + width], "big") + 1, at + width
    return (192 if code == 1 else 576 << code - 2 if code < 6 else 256 << code - 8), at


def _crc8(head: bytes) -> int:
    value = 0
    for byte in head:
        value ^= byte
        for _ in range(8):
            value = value << 1 & 0xFF ^ (0x07 if value & 0x80 else 0)
    return value

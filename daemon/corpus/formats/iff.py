"""AIFF and AIFF-C, AU (NeXT/Sun) and CAF: the extent of their sound, and new headers for unfinished ones."""

import struct

from daemon.corpus.formats.extent import CHUNKS, NO_SIZE, Ending, Extent, is_chunk, is_tag, judge_extent
from daemon.corpus.formats.layout import Bytes, Layout, Link, number
from daemon.corpus.formats.view import Piece, Range

MOST_CHUNKS = 10_000
UNKNOWN_32 = 0xFFFFFFFF
AIFF_COUNTABLE = frozenset(b"NONE|sowt|twos|raw |in24|in32|fl32|FL32|fl64|FL64|23ni|42ni".split(b"|"))
AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}  # of one sample, by AU's number of the encoding


def is_aiff(data: Bytes) -> bool:
    """Whether a file begins as AIFF or AIFF-C."""
    return bytes(data[:4]) == b"FORM" and bytes(data[8:12]) in (b"AIFF", b"AIFC")


def lay_out_aiff(data: Bytes) -> Layout | None:
    """The layout of an AIFF; None if it has no sound chunk, or its header comes after the sound."""
    at, common = 12, b""
    for _ in range(MOST_CHUNKS):
        name, size = bytes(data[at : at + 4]), number(data, at + 4, ">I")
        if len(name) < 4 or not any(name):
            return None
        if name == b"SSND":
            return _aiff(data, at, size, common) if common else None
        if name == b"COMM":
            common = bytes(data[at + 8 : at + 8 + size])
        at += 8 + size
        is_padded = bytes(data[at : at + 4]) not in CHUNKS or bytes(data[at + 1 : at + 5]) in CHUNKS
        at += size & 1 if is_padded else 0
    return None


def _aiff(data: Bytes, at: int, size: int, common: bytes) -> Layout:
    offset = number(data, at + 8, ">I")
    start = at + 16 + (offset if offset < UNKNOWN_32 else 0)
    declared = max(0, size - 8 - offset)
    extent = judge_extent(
        data, start, declared, lambda after: is_chunk(data, after, ">"), is_unknown=size == UNKNOWN_32
    )
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    block = channels * -(-bits // 8)
    is_countable = len(common) < 22 or common[18:22] in AIFF_COUNTABLE
    if extent.ending is Ending.FINISHED and frames:
        return Layout()
    if not is_countable or not block:
        return _layout(extent, None, None)
    pieces = _aiff_pieces(bytes(data[8:12]), common, extent, block)
    rate = _aiff_rate(common)
    return _layout(extent, pieces, declared / block / rate if rate else None)


def _aiff_rate(common: bytes) -> float:
    """Sample rate from the 80-bit float of the common chunk; 0 for unusual exponents."""
    exponent, mantissa = struct.unpack(">HQ", common[8:18].ljust(10, b"\0"))
    return mantissa * 2.0 ** ((exponent & 0x7FFF) - 16383 - 63) if 16383 <= exponent < 16383 + 32 else 0.0


def _aiff_pieces(form: bytes, common: bytes, extent: Extent, block: int) -> list[Piece]:
    sound = Range(extent.start, extent.start + (extent.stop - extent.start) // block * block)
    common = common[:2] + struct.pack(">I", min(UNKNOWN_32, sound.size // block)) + common[6:]
    chunks = b"COMM" + struct.pack(">I", len(common)) + common + b"\0" * (len(common) & 1)
    chunks += b"SSND" + struct.pack(">III", min(UNKNOWN_32, sound.size + 8), 0, 0)
    return [b"FORM" + struct.pack(">I", min(UNKNOWN_32, 4 + len(chunks) + sound.size)) + form + chunks, sound]


def is_au(data: Bytes) -> bool:
    """Whether a file is an AU file of either byte order."""
    return bytes(data[:4]) in (b".snd", b"dns.") and len(data) >= 24


def lay_out_au(data: Bytes) -> Layout:
    """The layout of an AU file. A size of -1 means up to the end of the file; nothing comes after the sound."""
    order = ">" if data[:4] == b".snd" else "<"
    start, declared, encoding, rate, channels = struct.unpack(order + "5I", data[4:24])
    extent = judge_extent(data, start, declared, lambda after: is_tag(data, after), is_unknown=declared == UNKNOWN_32)
    block = channels * AU_BYTES.get(encoding, 0)
    if extent.ending is Ending.FINISHED:
        return Layout()
    sound = Range(extent.start, extent.stop)
    size = sound.size if sound.size < UNKNOWN_32 else UNKNOWN_32
    head = bytes(data[:4]) + struct.pack(order + "5I", 24, size, encoding, rate, channels)
    return _layout(extent, [head, sound], declared / block / rate if block and rate else None)


def is_caf(data: Bytes) -> bool:
    """Whether a file is a Core Audio file."""
    return bytes(data[:4]) == b"caff"


def lay_out_caf(data: Bytes) -> Layout | None:
    """The layout of a CAF; None if it has no sound chunk. A data size of -1 means up to the end of the file."""
    at, description = 8, b""
    for _ in range(MOST_CHUNKS):
        name, size = bytes(data[at : at + 4]), number(data, at + 4, ">Q")
        if len(name) < 4 or not any(name):
            return None
        if name == b"data":
            return _caf(data, at + 16, size, description)
        if name == b"desc":
            description = bytes(data[at + 12 : at + 12 + size])
        at += 12 + size
    return None


def _caf(data: Bytes, start: int, size: int, description: bytes) -> Layout:
    def explains(after: int) -> bool:
        return bytes(data[after : after + 4]) in CHUNKS or is_tag(data, after)

    extent = judge_extent(data, start, max(0, size - 4), explains, is_unknown=size > NO_SIZE)
    if extent.ending is Ending.FINISHED:
        return Layout()
    if len(description) < 32 or description[8:12] != b"lpcm":  # its packet table follows the sound
        return _layout(extent, None, None)
    rate, block = struct.unpack(">d", description[:8])[0], number(description, 16, ">I")
    sound = Range(extent.start, extent.stop)
    head = bytes(data[:8]) + b"desc" + struct.pack(">Q", 32) + description[:32]
    head += b"data" + struct.pack(">QI", sound.size + 4, 0)
    return _layout(extent, [head, sound], (size - 4) / block / rate if block and rate > 0 else None)


def _layout(extent: Extent, pieces: list[Piece] | None, claimed_s: float | None) -> Layout:
    is_cut = extent.ending is Ending.CUT
    return Layout(
        links=[Link(pieces=pieces, is_exact=not is_cut)],
        claimed_s=claimed_s if is_cut else None,
        is_cut=is_cut,
        is_unfinished=extent.ending is Ending.UNFINISHED,
    )

"""Ogg, page by page: chained links, multiplexed streams, and a last page that is missing or not marked.

libsndfile decodes only the first link, and refuses Opus whose last page is not marked as the last. Every link therefore
becomes a view of its own: the pages of one sound stream, with the last one marked.

References: RFC 3533 (pages), RFC 7845 (Opus in Ogg, 3.1 packets and 4 granule positions), RFC 6716, 3.1 (durations).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from daemon.corpus.formats.layout import Bytes, Layout, Link, number
from daemon.corpus.formats.view import Piece, Range, join_ranges

CAPTURE = b"OggS"
HEAD_BYTES = 27
BEGINS, ENDS = 2, 4  # header flags
LONGEST_PACKET = 8192  # samples; Opus has 5760 at most
SOUND = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. `granule`: the position after it, -1 if no packet ends on it."""

    start: int
    stop: int
    flags: int
    granule: int
    serial: int


@dataclass(kw_only=True)
class _Pages:
    """All complete pages of a file. `torn_at`: offset of an incomplete last page, None if there is none."""

    pages: list[Page] = field(default_factory=list[Page])
    torn_at: int | None = None


def is_ogg(data: Bytes) -> bool:
    """Whether a file begins with an Ogg page."""
    return bytes(data[:4]) == CAPTURE


def lay_out_ogg(data: Bytes) -> Layout | None:
    """The layout of an Ogg file; None if it has no sound stream of a known codec."""
    found = _scan(data)
    links: list[Link] = []
    is_unclosed, others, has_one_stream = False, 0, True
    for pages in _split(found.pages):
        serials = _sound_serials(data, pages)
        if not serials:
            continue
        others += len(serials) - 1
        has_one_stream = has_one_stream and len({page.serial for page in pages}) == 1
        own = [page for page in pages if page.serial == serials[0]]
        is_unclosed = not own[-1].flags & ENDS
        torn = found.torn_at if own[-1].stop == found.torn_at else None
        links.append(Link(pieces=_pieces(data, own, torn), is_exact=torn is None))
    if not links:
        return None
    is_torn = found.torn_at is not None
    if len(links) == 1 and has_one_stream and not is_unclosed and not is_torn:
        return Layout()
    return Layout(links=links, is_cut=is_torn, is_unclosed=is_unclosed and not is_torn, other_streams=others)


def _scan(data: Bytes) -> _Pages:
    found = _Pages()
    at = data.find(CAPTURE)
    while at >= 0:
        head = bytes(data[at : at + HEAD_BYTES])
        segments = bytes(data[at + HEAD_BYTES : at + HEAD_BYTES + head[26]]) if len(head) == HEAD_BYTES else b""
        stop = at + HEAD_BYTES + len(segments) + sum(segments)
        if len(head) < HEAD_BYTES or len(segments) < head[26] or stop > len(data):
            found.torn_at = at
            break
        flags, granule, serial = struct.unpack("<BqI", head[5:18])
        found.pages.append(Page(start=at, stop=stop, flags=flags, granule=granule, serial=serial))
        at = data.find(CAPTURE, stop)
    return found


def _split(pages: Sequence[Page]) -> list[list[Page]]:
    """Group pages into links: a stream that begins after pages with content starts a new link."""
    links: list[list[Page]] = []
    for page in pages:
        is_first = bool(page.flags & BEGINS)
        if not links or (is_first and not links[-1][-1].flags & BEGINS):
            links.append([])
        links[-1].append(page)
    return links


def _sound_serials(data: Bytes, pages: Sequence[Page]) -> list[int]:
    serials: list[int] = []
    for page in pages:
        body = page.start + HEAD_BYTES + number(data, page.start + 26, "B")
        if page.flags & BEGINS and bytes(data[body : body + 8]).startswith(SOUND):
            serials.append(page.serial)
    return serials


def _pieces(data: Bytes, pages: Sequence[Page], torn_at: int | None) -> list[Piece]:
    """Pieces of one stream. If no page is marked as the last, the last one on which a packet ends is marked."""
    if torn_at is not None and (rest := _rest_of_page(data, torn_at, pages)):
        return [*join_ranges([Range(page.start, page.stop) for page in pages]), rest]
    if pages[-1].flags & ENDS:
        return join_ranges([Range(page.start, page.stop) for page in pages])
    count = len(pages)
    while count > 1 and pages[count - 1].granule < 0:
        count -= 1
    last = pages[count - 1]
    pieces = join_ranges([Range(page.start, page.stop) for page in pages[: count - 1]])
    return [*pieces, mark_as_last(bytes(data[last.start : last.stop]))]


def _rest_of_page(data: Bytes, at: int, pages: Sequence[Page]) -> bytes:
    """A page with the complete packets of a torn page; b"" if there are none.

    Its position is beyond the length of the packets, so that a decoder reads all of them.
    """
    head = bytes(data[at : at + HEAD_BYTES])
    if len(head) < HEAD_BYTES or struct.unpack("<I", head[14:18])[0] != pages[-1].serial:
        return b""
    segments = bytes(data[at + HEAD_BYTES : at + HEAD_BYTES + head[26]])
    body = at + HEAD_BYTES + head[26]
    count = size = total = 0
    for index, segment in enumerate(segments):
        total += segment
        if body + total > len(data):
            break
        if segment < 255:  # a packet ends here
            count, size = index + 1, total
    last = max((page.granule for page in pages), default=0)
    position = struct.pack("<q", max(0, last) + count * LONGEST_PACKET)
    page = head[:6] + position + head[14:26] + bytes([count]) + segments[:count] + bytes(data[body : body + size])
    return mark_as_last(page) if count else b""


def mark_as_last(page: bytes) -> bytes:
    """The page marked as the last one, with a new checksum."""
    page = page[:5] + bytes([page[5] | ENDS]) + page[6:22] + b"\0" * 4 + page[26:]
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def checksum(page: bytes) -> int:
    """Ogg's CRC-32 (polynomial 0x04c11db7, not reflected) of a page whose own checksum is 0."""
    value = 0
    for byte in page:
        value = value << 8 & 0xFFFFFFFF ^ _TABLE[value >> 24 ^ byte]
    return value


def _entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = value << 1 & 0xFFFFFFFF ^ (0x04C11DB7 if value & 0x80000000 else 0)
    return value


_TABLE = [_entry(value) for value in range(256)]

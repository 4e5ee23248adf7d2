"""MPEG audio (MP3, MP2), frame by frame: how many there are, whatever a header or a bit rate would have it.

Data flow: frames are walked from one header to the next, over tags and anything else between them, into runs of one
rate and channel count. libsndfile reads as far as a Xing or Info frame says, or where there is none as far as the size
and the first bit rate suggest: an estimate. So each run becomes a view of its frames alone behind an Info frame with
their number. A file whose own Info frame is right is read as it is.

References: ISO/IEC 11172-3, 2.4.1.3 (frame header); the Xing, Info and VBRI frames are described by decoders only.
"""

import functools
import re
import struct
from dataclasses import dataclass, field

from daemon.corpus.formats.layout import Bytes, Layout, Link, number
from daemon.corpus.formats.tags import end_of_sound, skip_tags, tag_size
from daemon.corpus.formats.view import Piece, Range, join_ranges

KBITS = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = (44_100, 48_000, 32_000)
SYNC = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]")
CONFIRMED = 4  # headers in a row that fit each other: no accident
FARTHEST_RESYNC = 1 << 23  # 8 MiB that are no frames: what comes after is not looked for
INFO_KBITS = 96  # an Info frame of that rate holds all that is written into it
INFO_TAGS = (b"Xing", b"Info")


@dataclass(frozen=True, kw_only=True)
class Header:
    """A frame's header. kind: what all frames of a run share; size: of the frame, in bytes."""

    kind: tuple[int, int, int, bool]
    size: int
    samples: int
    rate_hz: int
    side_bytes: int


@dataclass(kw_only=True)
class Run:
    """Frames of one kind in a row. info: its Xing or Info frame, whose number of frames is `promised`."""

    first: Header
    word: int
    frames: list[Range] = field(default_factory=list[Range])
    info: Range | None = None
    promised: int | None = None
    has_gap: bool = False


@dataclass(kw_only=True)
class _Scan:
    runs: list[Run] = field(default_factory=list[Run])
    is_torn: bool = False
    unread_bytes: int = 0


@functools.lru_cache(maxsize=4096)
def read_header(word: int) -> Header | None:
    """A frame header from its 32 bits; None when they are none, or of the free format."""
    version, layer = word >> 19 & 3, 4 - (word >> 17 & 3)
    bits, rate, pad = word >> 12 & 15, word >> 10 & 3, word >> 9 & 1
    if word >> 21 != 0x7FF or version == 1 or layer == 4 or bits in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    rate_hz = RATES_HZ[rate] >> (0 if is_first else 1 if version == 2 else 2)
    bits_s = KBITS[is_first, layer][bits] * 1000
    samples = 384 if layer == 1 else 1152 if layer == 2 or is_first else 576
    size = (12 * bits_s // rate_hz + pad) * 4 if layer == 1 else samples // 8 * bits_s // rate_hz + pad
    is_mono = word >> 6 & 3 == 3
    side_bytes = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    return Header(
        kind=(version, layer, rate_hz, is_mono), size=size, samples=samples, rate_hz=rate_hz, side_bytes=side_bytes
    )


def is_mpeg(data: Bytes) -> bool:
    """Whether MPEG audio begins behind the tags in front, or a little later."""
    start = skip_tags(data, 0)
    return _confirmed_from(data, start, min(len(data), start + (1 << 16))) is not None


def lay_out_mpeg(data: Bytes) -> Layout | None:
    """The layout of an MPEG audio file; None where no frames can be counted."""
    scan = _scan(data)
    runs = [run for run in scan.runs if run.frames]
    if not runs:
        return None
    is_alone = len(runs) == 1 and not scan.unread_bytes
    is_short = any(run.promised is not None and run.promised > len(run.frames) + 1 for run in runs)
    if is_alone and not runs[0].has_gap and (runs[0].promised or 0) >= len(runs[0].frames):
        return Layout(is_cut=scan.is_torn or is_short)
    return Layout(
        links=[_link(data, run, is_alone=is_alone) for run in runs],
        is_cut=scan.is_torn or is_short,
        is_holed=scan.unread_bytes > 0,
    )


def _link(data: Bytes, run: Run, *, is_alone: bool) -> Link:
    plain = len(run.frames) * run.first.samples if is_alone and run.info is None and not run.has_gap else None
    frames = join_ranges(run.frames)
    if run.first.kind[1] != 3:
        return Link(pieces=frames, is_exact=False)
    return Link(pieces=[_info_frame(data, run), *frames], plain_frames=plain)


def _info_frame(data: Bytes, run: Run) -> Piece:
    """The run's own Info frame with the true number of frames, or one of ours that says nothing else."""
    if run.info is not None and run.promised is not None:
        own = bytes(data[run.info.start : run.info.stop])
        at = 4 + run.first.side_bytes + 8
        return own[:at] + struct.pack(">I", len(run.frames)) + own[at + 4 :]
    version, _, _, _ = run.first.kind
    index = KBITS[version == 3, 3].index(INFO_KBITS)
    word = run.word & ~0xF000 & ~0x200 | index << 12 | 1 << 16  # no padding, no checksum
    header = read_header(word)
    assert header is not None
    tag = struct.pack(">I", word) + b"\0" * header.side_bytes + b"Info" + struct.pack(">II", 1, len(run.frames))
    return tag.ljust(header.size, b"\0")


def _scan(data: Bytes) -> _Scan:
    scan, stop = _Scan(), end_of_sound(data)
    at = _confirmed_from(data, skip_tags(data, 0), stop)
    run: Run | None = None
    while at is not None and at + 4 <= stop:
        word = int.from_bytes(data[at : at + 4], "big")
        header = read_header(word)
        if header is None or (run is not None and header.kind != run.first.kind and not _is_confirmed(data, at, stop)):
            at = _after_gap(data, at, stop, scan)
            if run is not None and at is not None:
                run.has_gap = True
            continue
        if at + header.size > stop:
            scan.is_torn = stop == len(data)
            break
        promised = _promised(data, at, header)
        if run is None or header.kind != run.first.kind or promised is not None:
            run = Run(first=header, word=word, promised=promised or None)
            scan.runs.append(run)
        if promised is None:
            run.frames.append(Range(at, at + header.size))
        else:
            run.info = Range(at, at + header.size)
        at += header.size
    return scan


def _promised(data: Bytes, at: int, header: Header) -> int | None:
    """The frames that a Xing, Info or VBRI frame promises (0: it does not say); None of a frame of sound."""
    tag = at + 4 + header.side_bytes
    name = bytes(data[tag : tag + 4])
    if name in INFO_TAGS:
        return number(data, tag + 8, ">I") if number(data, tag + 4, ">I") & 1 else 0
    return 0 if bytes(data[at + 36 : at + 40]) == b"VBRI" else None


def _after_gap(data: Bytes, at: int, stop: int, scan: _Scan) -> int | None:
    """The next frame after something that is none: a tag, or anything."""
    size = tag_size(data, at)
    found = _confirmed_from(data, at + max(1, size), stop)
    if found is None and stop - at > max(1, size) + 4096:
        scan.unread_bytes += stop - at - size
    return found


def _confirmed_from(data: Bytes, at: int, stop: int) -> int | None:
    last = min(stop, at + FARTHEST_RESYNC)
    while (match := SYNC.search(data, at, last)) is not None:
        if _is_confirmed(data, match.start(), stop):
            return match.start()
        at = match.start() + 1
    return None


def _is_confirmed(data: Bytes, at: int, stop: int) -> bool:
    """Whether frames of one kind follow each other from there: several, or at least two up to the end."""
    kind: tuple[int, int, int, bool] | None = None
    for count in range(CONFIRMED):
        if count and (at >= stop or tag_size(data, at)):
            return count > 1 or at == stop
        header = read_header(int.from_bytes(data[at : at + 4], "big")) if at + 4 <= stop else None
        if header is None or kind not in (None, header.kind):
            return count > 1 and stop - at < 4
        kind = header.kind
        at += header.size
    return True

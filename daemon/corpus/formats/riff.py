"""WAV in its containers: RIFF, RIFX, RF64, BW64 and Sony's Wave64. Also several of them one after the other.

Data flow: the chunks are followed up to the sound, and its extent is determined. If libsndfile would fail or stop
early, it gets a view with a new header: the file's format chunk and the true size.
"""

import struct
from dataclasses import dataclass

from daemon.corpus.formats.extent import CHUNKS, NO_SIZE, Ending, Extent, is_chunk, judge_extent
from daemon.corpus.formats.layout import Bytes, Layout, Link, number
from daemon.corpus.formats.view import Piece, Range

MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
W64_MAGIC = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
W64_TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"  # of every identifier but the first
UNKNOWN_32 = 0xFFFFFFFF
MOST_CHUNKS = 10_000
COUNTABLE = (1, 3, 6, 7, 0xFFFE)  # PCM, float, A-law, mu-law, extensible: a frame is a block


@dataclass(frozen=True, kw_only=True)
class Wave:
    """One WAV. `form`: its format chunk. `is_plain`: libsndfile can read its chunks unchanged."""

    byte_order: str
    form: bytes
    extent: Extent
    declared: int
    is_plain: bool

    @property
    def claimed_s(self) -> float | None:
        """Length in seconds that the header states; None if it does not follow from the number of bytes."""
        if len(self.form) < 16:
            return None
        tag, _, rate, _, block = struct.unpack(self.byte_order + "HHIIH", self.form[:14])
        return self.declared / block / rate if tag in COUNTABLE and block and rate else None


def is_wave(data: Bytes, at: int = 0) -> bool:
    """Whether a WAV begins at an offset."""
    head = bytes(data[at : at + 12])
    return head[:4] in MAGICS and head[8:] == b"WAVE"


def is_wave64(data: Bytes) -> bool:
    """Whether a file is a Wave64 file."""
    return bytes(data[:16]) == W64_MAGIC


def lay_out_waves(data: Bytes) -> Layout | None:
    """The layout of a WAV file, or of several that were joined; None if there is no sound chunk."""
    waves: list[Wave] = []
    at = 0
    while is_wave(data, at) and (wave := _find_wave(data, at)) is not None:
        waves.append(wave)
        at = wave.extent.stop
        at += 0 if is_wave(data, at) else 1  # a pad byte between the two
    return _layout(waves) if waves else None


def lay_out_wave64(data: Bytes) -> Layout | None:
    """The layout of a Wave64 file; None if there is no sound chunk."""
    at, form = 40, b""
    for _ in range(MOST_CHUNKS):
        name, size = bytes(data[at : at + 16]), number(data, at + 16, "<Q")
        if name[4:] != W64_TAIL:
            return None
        if name[:4] == b"data":
            declared, start = max(0, size - 24), at + 24
            extent = judge_extent(
                data, start, declared, lambda after: _is_w64_chunk(data, after), is_unknown=size >= NO_SIZE
            )
            return _layout([Wave(byte_order="<", form=form, extent=extent, declared=declared, is_plain=True)])
        if name[:4] == b"fmt ":
            form = bytes(data[at + 24 : at + size])
        at += max(24, size + 7 & ~7)
    return None


def _is_w64_chunk(data: Bytes, at: int) -> bool:
    at = at + 7 & ~7
    return bytes(data[at + 4 : at + 16]) == W64_TAIL or is_chunk(data, at, "<")


@dataclass
class _Chunks:
    """The chunks before the sound. `large`: the 64-bit size of RF64's own chunk, 0 without one."""

    form: bytes = b""
    large: int = 0
    has_all_padding: bool = True


def _find_wave(data: Bytes, begin: int) -> Wave | None:
    magic = bytes(data[begin : begin + 4])
    order = ">" if magic == b"RIFX" else "<"
    chunks = _Chunks()
    at = begin + 12
    for _ in range(MOST_CHUNKS):
        name, size = bytes(data[at : at + 4]), number(data, at + 4, order + "I")
        if len(name) < 4 or not any(name):
            return None
        if name == b"data":
            extent, declared = _judge(data, at + 8, size, chunks.large, order)
            is_plain = magic != b"BW64" and chunks.has_all_padding
            return Wave(byte_order=order, form=chunks.form, extent=extent, declared=declared, is_plain=is_plain)
        if name == b"ds64":
            chunks.large = number(data, at + 16, "<Q")
        elif name == b"fmt ":
            chunks.form = bytes(data[at + 8 : at + 8 + size])
        at += 8 + size
        if size & 1 and bytes(data[at : at + 4]) in CHUNKS and bytes(data[at + 1 : at + 5]) not in CHUNKS:
            chunks.has_all_padding = False
        else:
            at += size & 1
    return None


def _judge(data: Bytes, start: int, size: int, large: int, order: str) -> tuple[Extent, int]:
    """The extent of the sound, and its size as the header states it."""
    is_unknown = size == UNKNOWN_32 and (large == 0 or large >= NO_SIZE)
    declared = large if size == UNKNOWN_32 and not is_unknown else size

    def explains(at: int) -> bool:
        return is_wave(data, at) or is_chunk(data, at, order)

    return judge_extent(data, start, declared, explains, is_unknown=is_unknown), declared


def _layout(waves: list[Wave]) -> Layout:
    endings = {wave.extent.ending for wave in waves}
    if len(waves) == 1 and waves[0].is_plain and endings == {Ending.FINISHED}:
        return Layout()
    is_cut = Ending.CUT in endings
    lengths = [wave.claimed_s for wave in waves]
    known = [length for length in lengths if length is not None]
    return Layout(
        links=[Link(pieces=wave_pieces(wave), is_exact=not is_cut) if wave.form else Link() for wave in waves],
        claimed_s=sum(known) if is_cut and len(known) == len(lengths) else None,
        is_cut=is_cut,
        is_unfinished=Ending.UNFINISHED in endings,
    )


def wave_pieces(wave: Wave) -> list[Piece]:
    """The sound of a WAV with a corrected header: RIFF, or RF64 if its size exceeds 32 bits."""
    sound, order = Range(wave.extent.start, wave.extent.stop), wave.byte_order
    form = b"fmt " + struct.pack(order + "I", len(wave.form)) + wave.form + b"\0" * (len(wave.form) & 1)
    size = 4 + len(form) + 8 + sound.size
    if size < UNKNOWN_32:
        magic = b"RIFX" if order == ">" else b"RIFF"
        head = magic + struct.pack(order + "I", size) + b"WAVE" + form + b"data" + struct.pack(order + "I", sound.size)
    else:
        sizes = struct.pack("<IQQQI", 28, size + 36, sound.size, 0, 0)
        head = b"RF64" + b"\xff" * 4 + b"WAVEds64" + sizes + form + b"data" + b"\xff" * 4
    return [head, sound]

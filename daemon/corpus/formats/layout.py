"""Layout of a file, as the analysis of its container found it: the stretches to decode, and the file's defects."""

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.corpus.formats.view import Piece

Bytes = mmap.mmap | bytes


@dataclass(frozen=True, kw_only=True)
class Link:
    """One stretch that a decoder can read by itself; a chained file has several.

    Attributes:
        pieces: content that the decoder reads in place of the file; None for the file itself.
        plain_frames: number of frames in the file; if a decoder finds as many in the file itself, no view is needed.
        is_exact: whether the decoder's own count of frames is exact, so that fewer frames mean damage.
    """

    pieces: Sequence[Piece] | None = None
    plain_frames: int | None = None
    is_exact: bool = True


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The links of a file in order, and its defects.

    Attributes:
        claimed_s: length stated in the header, if it is exact and the file holds less.
        is_cut: bytes that the container announces are missing at the end.
        is_unfinished: the sizes in the header were never filled in, or only partly.
        is_unclosed: the last page of an Ogg stream is not marked as the last; nothing else is missing.
        is_holed: something between the beginning and the end of the sound cannot be read.
        other_streams: number of sound tracks that are not read.
    """

    links: Sequence[Link] = (Link(),)
    claimed_s: float | None = None
    is_cut: bool = False
    is_unfinished: bool = False
    is_unclosed: bool = False
    is_holed: bool = False
    other_streams: int = 0


def number(data: Bytes, at: int, code: str) -> int:
    """One integer of the file in `struct`'s notation; 0 if the file ends before it."""
    raw = data[at : at + struct.calcsize(code)]
    return struct.unpack(code, raw)[0] if len(raw) == struct.calcsize(code) else 0

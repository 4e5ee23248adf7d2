"""What a look at a file's container found: which stretches to decode, and what is wrong with the file."""

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.corpus.formats.view import Piece

Bytes = mmap.mmap | bytes


@dataclass(frozen=True, kw_only=True)
class Link:
    """One stretch that a decoder can take by itself; a chained file has several.

    Attributes:
        pieces: what the decoder reads in place of the file; None for the file itself.
        plain_frames: how many frames the file holds; if a decoder counts as many in the file itself, no view is needed.
        is_exact: whether the decoder's own count of frames is exact for it, so that fewer frames mean damage.
    """

    pieces: Sequence[Piece] | None = None
    plain_frames: int | None = None
    is_exact: bool = True


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The links of a file in order, and what to tell the person.

    Attributes:
        claimed_s: the length that the header promises, where it is exact and the file holds less.
        is_cut: bytes that the container promises are missing at the end.
        is_unfinished: the header's sizes were never filled in, or not to the end.
        is_unclosed: an Ogg stream whose last page does not say that it is the last; nothing else is missing.
        is_holed: something between the first and the last of the sound cannot be read.
        other_streams: sound tracks beside the one that is read.
    """

    links: Sequence[Link] = (Link(),)
    claimed_s: float | None = None
    is_cut: bool = False
    is_unfinished: bool = False
    is_unclosed: bool = False
    is_holed: bool = False
    other_streams: int = 0


def number(data: Bytes, at: int, code: str) -> int:
    """One integer of the file in `struct`'s notation, 0 where the file ends before it."""
    raw = data[at : at + struct.calcsize(code)]
    return struct.unpack(code, raw)[0] if len(raw) == struct.calcsize(code) else 0

"""Requests about strands as values (the command line's `.alle` files), and decoding to files."""

from typing import Annotated

from msgspec import Meta

from protocol.edits import Edit
from protocol.messages.fields import Id, Name, Path, Request, Struct
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta


class Snapshotted(Struct, frozen=True, kw_only=True):
    """A strand as a value. Buffer 0: codes (Q, T) uint16."""

    meta: StrandMeta
    notes: list[str] = []


class EncodeFile(Request[Snapshotted], frozen=True, kw_only=True):
    """Encode an audio file. Reply: Snapshotted with buffer 0: codes."""

    path: Path
    model: Name


class EditSnapshot(Request[Snapshotted], frozen=True, kw_only=True):
    """Apply edits in order to a snapshot. Buffer 0: its codes; buffer i+1: the codes of others[i].

    An edit names another strand by its key in `names` (as typed), which holds its place in `others`.
    Nothing is kept in the daemon; registers live for this request. Reply: Snapshotted.
    """

    meta: StrandMeta
    edits: Annotated[list[Edit], Meta(max_length=1000)]
    others: Annotated[list[StrandMeta], Meta(max_length=15)] = []
    names: dict[str, int] = {}


class Decoded(Struct, frozen=True, kw_only=True):
    """The file written: 48 kHz, 24 bit, the source's level and exact sample count. Levels in dBFS.

    notes: words for the person (how much was limited).
    """

    path: str
    seconds: float
    samples: int
    sample_rate: int
    channels: int
    peak_db: float
    rms_db: float
    notes: list[str] = []


class DecodeSnapshot(Request[Decoded], frozen=True, kw_only=True):
    """Decode a snapshot (buffer 0: codes) to a WAV file on the daemon's machine. levels: which are heard.

    replace: false refuses a file that exists (E_EXISTS). The recording of the strand is never replaced.
    """

    meta: StrandMeta
    out: Path
    levels: list[int] | None = None
    replace: bool = True


class DecodeStrand(Request[Decoded], frozen=True, kw_only=True):
    """Decode a living strand to a WAV file on the daemon's machine. replace: as in DecodeSnapshot."""

    strand: Id
    out: Path
    levels: list[int] | None = None
    replace: bool = True


class Region(Struct, frozen=True, kw_only=True):
    """Which frames the PCM is of, at revision `rev`."""

    strand: Id
    rev: int
    frames: FrameRange


class DecodeRegion(Request[Region], frozen=True, kw_only=True):
    """PCM of some frames of a living strand. Reply: Region with buffer 0: (C, L) float32."""

    strand: Id
    frames: FrameRange
    levels: list[int] | None = None

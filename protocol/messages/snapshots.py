"""Requests about strands that are sent as values (the command line's `.alle` files), and about decoding to files."""

from typing import Annotated

from msgspec import Meta

from protocol.edits import Edit
from protocol.messages.fields import Id, Name, Path, Request, Struct
from protocol.ranges import FrameRange, SampleRange
from protocol.strands import StrandMeta


class Snapshotted(Struct, frozen=True, kw_only=True):
    """A strand as a value. Buffers: codes (Q, T) uint16, columns (4, T) int32. notes: texts to show to the user."""

    meta: StrandMeta
    notes: list[str] = []


class EncodeFile(Request[Snapshotted], frozen=True, kw_only=True):
    """Encode an audio file with a model. The reply is a Snapshotted with codes and columns."""

    path: Path
    model: Name


class EditSnapshot(Request[Snapshotted], frozen=True, kw_only=True):
    """Apply edits to a snapshot, in order. Buffers: codes and columns of it, then of each of the others.

    An edit names another strand by a key of `names` (as the user typed it); the value is its index in `others`.
    The daemon stores nothing, and registers exist only during this request. The reply is a Snapshotted.
    """

    meta: StrandMeta
    edits: Annotated[list[Edit], Meta(max_length=1000)]
    others: Annotated[list[StrandMeta], Meta(max_length=7)] = []
    names: dict[str, int] = {}


class Decoded(Struct, frozen=True, kw_only=True):
    """The written file: 48 kHz, 24 bit, with the source's loudness and exact number of samples. peak, rms: in dBFS.

    notes: texts to show to the user (how much the sound was limited).
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
    """Decode a snapshot (buffers: codes, columns) to a WAV file on the daemon's machine. levels: the levels to decode.

    part: write only these samples; they are the same as in a file of the whole.
    replace: if false, an existing file is refused (E_EXISTS). The strand's own recording is never replaced.
    """

    meta: StrandMeta
    out: Path
    levels: list[int] | None = None
    part: SampleRange | None = None
    replace: bool = True


class DecodeStrand(Request[Decoded], frozen=True, kw_only=True):
    """Decode an open strand to a WAV file on the daemon's machine.

    levels, part and replace are as in DecodeSnapshot.
    """

    strand: Id
    out: Path
    levels: list[int] | None = None
    part: SampleRange | None = None
    replace: bool = True


class Onsets(Struct, frozen=True, kw_only=True):
    """What begins in a sound. Buffer 0: the samples at 48 kHz at which something begins, (n,) int32, rising.

    tempos: beats a minute at which the sound is a whole number of beats long, the likeliest first. rev: the revision of
    an open strand that was decoded, or 0.
    """

    tempos: list[float]
    rev: int = 0


class FindOnsets(Request[Onsets], frozen=True, kw_only=True):
    """Find the onsets and the likely tempos of an open strand, or of a snapshot (meta; as buffers codes, columns)."""

    strand: Id | None = None
    meta: StrandMeta | None = None


class Surprise(Struct, frozen=True, kw_only=True):
    """How much each cell of some frames surprises the model's prior. rev: the strand's revision at that moment.

    Buffer 0: tenths of a bit, (Q, n) uint8, at most 254. A bit is a factor of two: 3 bits are a chance of 1/8.
    """

    strand: Id
    rev: int
    frames: FrameRange


class GetSurprise(Request[Surprise], frozen=True, kw_only=True):
    """Score frames of an open strand with the prior of its model, from `first` to the end of its window of 576 frames.

    The reply is a Surprise; its frames begin at or before `first`. E_BAD_REQUEST if the model has no prior.
    """

    strand: Id
    first: Annotated[int, Meta(ge=0)] = 0


class Region(Struct, frozen=True, kw_only=True):
    """The frames that were decoded, and the strand's revision at that moment. Buffer 0: PCM (C, L) float32."""

    strand: Id
    rev: int
    frames: FrameRange


class DecodeRegion(Request[Region], frozen=True, kw_only=True):
    """Decode frames of an open strand to PCM. The reply is a Region; its buffer 0 is (C, L) float32."""

    strand: Id
    frames: FrameRange
    levels: list[int] | None = None

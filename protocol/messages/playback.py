"""Requests about sound, and the messages of the audio socket."""

from typing import Annotated

from msgspec import Meta

from protocol.messages.fields import Done, Id, Request, Struct
from protocol.ranges import FrameRange


class PlaybackStarted(Struct, frozen=True, kw_only=True):
    """playback: number the chunks carry. The first chunk follows on aud."""

    playback: int
    strand: Id
    frames: FrameRange


class StartPlayback(Request[PlaybackStarted], frozen=True, kw_only=True):
    """Play frames of a living strand on the player whose client id this is. By default all frames and levels.

    levels: those heard; [] is silence. loop: again and again; edits are taken up where it begins again, and a range
    whose strand grows inside it grows along. before: begin with buffer 0, (Q, T) uint16 codes to compare the strand
    with, in the strand's place; both are then played at the loudness of the quieter one.
    """

    player: bytes
    strand: Id
    frames: FrameRange = FrameRange()
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class TunePlayback(Request[Done], frozen=True, kw_only=True):
    """Change what is heard of a playback under way, from its next chunk on, without a click. E_NOT_FOUND: it is over.

    levels, loop and before as in StartPlayback. Buffer 0: the codes that `before` means, needed the first time and when
    they are others.
    """

    player: bytes
    playback: int
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class PreviewStarted(Struct, frozen=True, kw_only=True):
    """playback: number the chunks carry. gain_db: what was done to be as loud as the source."""

    playback: int
    preview: str
    seconds: float
    gain_db: float = 0.0


class PlayPreview(Request[PreviewStarted], frozen=True, kw_only=True):
    """Play what a training's evaluation left to hear: "source", "final" or "step-NNNNNNNN", as its file is called.

    It is heard as loud as the source. sample: where to begin, so that two can be compared in mid-sound.
    """

    player: bytes
    job: Id
    preview: Annotated[str, Meta(pattern=r"^(source|final|step-[0-9]{8})\Z")]
    sample: Annotated[int, Meta(ge=0, le=2**40)] = 0
    loop: bool = False


class StopPlayback(Request[Done], frozen=True, kw_only=True):
    """Stop what a player plays; no error when nothing does."""

    player: bytes


class Credit(Struct, frozen=True, kw_only=True):
    """aud, kind credit: the player can take this many more chunks (they add up)."""

    chunks: Annotated[int, Meta(ge=1, le=1000)]


class Chunk(Struct, frozen=True, kw_only=True):
    """aud, kind chunk: about 20 ms. Buffer 0: (C, L) float32, L may be 0.

    sample: place of its first sample in the strand. last: nothing follows. flush: drop what is queued first.
    error: why it ends early. A chunk without samples costs no credit.
    """

    playback: int
    index: int
    sample: int
    last: bool = False
    flush: bool = False
    error: str = ""

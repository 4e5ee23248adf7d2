"""Requests about playback, and the messages of the audio socket."""

from typing import Annotated

from msgspec import Meta

from protocol.messages.fields import Done, Id, Path, Request, Struct
from protocol.ranges import FrameRange


class PlaybackStarted(Struct, frozen=True, kw_only=True):
    """Playback started. playback: the number in its chunks. The first chunk follows on aud."""

    playback: int
    strand: Id
    frames: FrameRange


class StartPlayback(Request[PlaybackStarted], frozen=True, kw_only=True):
    """Play frames of an open strand on a player. By default all frames and levels are played.

    player: the client id of the player. levels: the levels to play; [] is silence. loop: repeat until stopped; edits
    are heard from the next repetition, and a range becomes longer if an edit inserts frames in it. before: start with
    what is compared with the strand, in place of the strand; both are then played at the loudness of the quieter one.
    Buffers for `before`: its codes (Q, T) uint16 and its columns (4, T) int32.
    """

    player: bytes
    strand: Id
    frames: FrameRange = FrameRange()
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class TunePlayback(Request[Done], frozen=True, kw_only=True):
    """Change a running playback from its next chunk on, without a click. E_NOT_FOUND if it has ended.

    levels, loop and before are as in StartPlayback. The buffers for `before` are needed the first
    time and whenever they change.
    """

    player: bytes
    playback: int
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class PreviewStarted(Struct, frozen=True, kw_only=True):
    """Playback of a preview started. playback: the number in its chunks. gain_db: matches the source's loudness."""

    playback: int
    preview: str
    seconds: float
    gain_db: float = 0.0


class PlayPreview(Request[PreviewStarted], frozen=True, kw_only=True):
    """Play a preview that a training's evaluation wrote. preview: its file's name, "source", "final", "step-NNNNNNNN",
    and with "prior-" before it that of an evaluation of its prior.

    It is played at the loudness of the source. sample: where to start, so that two previews can be compared midway.
    """

    player: bytes
    job: Id
    preview: Annotated[str, Meta(pattern=r"^(source|(prior-)?(final|step-[0-9]{8}))\Z")]
    sample: Annotated[int, Meta(ge=0, le=2**40)] = 0
    loop: bool = False


class FileStarted(Struct, frozen=True, kw_only=True):
    """Playback of a file started. playback: the number in its chunks. seconds: the length of what is played."""

    playback: int
    seconds: float


class PlayFile(Request[FileStarted], frozen=True, kw_only=True):
    """Play an audio file on the daemon's machine, without making a strand. first, past: samples at 48 kHz (all)."""

    player: bytes
    path: Path
    first: Annotated[int, Meta(ge=0, le=2**40)] = 0
    past: Annotated[int, Meta(ge=0, le=2**40)] | None = None
    loop: bool = False


class StopPlayback(Request[Done], frozen=True, kw_only=True):
    """Stop the playback of a player. It is not an error if nothing plays."""

    player: bytes


class Credit(Struct, frozen=True, kw_only=True):
    """On aud, kind credit: the player can accept this many more chunks. Credits are added up."""

    chunks: Annotated[int, Meta(ge=1, le=1000)]


class Chunk(Struct, frozen=True, kw_only=True):
    """On aud, kind chunk: about 20 ms of sound. Buffer 0: (C, L) float32; L may be 0.

    sample: position of its first sample in the strand. last: no chunk follows. flush: discard queued chunks first.
    error: why the playback ends early. A chunk without samples costs no credit. lufs: the momentary loudness (400 ms)
    up to here, of the sound in its own channels, at least -70. reduced_db: how much the limiter reduced the loudest of
    its frames.
    """

    playback: int
    index: int
    sample: int
    last: bool = False
    flush: bool = False
    error: str = ""
    lufs: float = -70.0
    reduced_db: float = 0.0

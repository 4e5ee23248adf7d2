"""Requests about the sounds that were generated into the home's history, about presets, and their replies."""

from typing import Annotated, Any

from msgspec import Meta

from protocol.generation import GenerationOptions
from protocol.messages.fields import Done, Name, Request, Struct


class SoundNovelty(Struct, frozen=True, kw_only=True):
    """How new a sound is: copy, close or new, the recording it is nearest to, and the share that reads as copied."""

    verdict: str
    nearest: str = ""
    at_s: float = 0.0
    overlap: float = 0.0
    distance_db: float = 0.0


class Sound(Struct, frozen=True, kw_only=True):
    """A generated sound. batch: the folder it was made in; name: that of its files; audio, strand: its WAV and `.alle`.

    verbatim: the share that was taken over from recordings unchanged. descriptors: measured on the sound, with ranks
    among the recordings ("brightness_rank", 0..1). tempo: beats a minute of the grid it was placed on. picture: its
    peaks in equal parts, 0..100. wanted: the options it was made with, by name. kept: whether the user keeps it.
    """

    model: Name
    batch: str
    name: str
    audio: str
    strand: str
    seconds: float
    samples: int
    seed: int
    engine: str
    verbatim: float = 0.0
    novelty: SoundNovelty | None = None
    descriptors: dict[str, float] = {}
    notes: list[str] = []
    tempo: float | None = None
    picture: list[int] = []
    wanted: dict[str, Any] = {}
    created: str = ""
    kept: bool = False


class Sounds(Struct, frozen=True, kw_only=True):
    """The reply to ListSounds: the newest batch first, each in the order of its seeds. left_out: older ones."""

    sounds: list[Sound]
    left_out: int = 0


class ListSounds(Request[Sounds], frozen=True, kw_only=True):
    """List what was generated with a model into the home's history."""

    model: Name
    most: Annotated[int, Meta(ge=1, le=1000)] = 200


BatchName = Annotated[str, Meta(pattern=r"^[\w-]{1,80}\Z")]
SoundName = Annotated[str, Meta(pattern=r"^[^/\x00]{1,120}\Z")]


class KeepSound(Request[Sound], frozen=True, kw_only=True):
    """Mark a generated sound as one to keep, or take the mark away. Marking it twice is not an error."""

    model: Name
    batch: BatchName
    name: SoundName
    keep: bool = True


class DiscardSound(Request[Done], frozen=True, kw_only=True):
    """Move the files of a generated sound to the trash. E_CONFLICT for one that is kept."""

    model: Name
    batch: BatchName
    name: SoundName


class Preset(Struct, frozen=True, kw_only=True):
    """Named options of generating with a model. The seed and the count are not part of it. saved: when, ISO 8601."""

    name: Name
    options: GenerationOptions
    saved: str = ""


class Presets(Struct, frozen=True, kw_only=True):
    """The reply to ListPresets, by name. damaged: files that cannot be read."""

    presets: list[Preset]
    damaged: list[str] = []


class ListPresets(Request[Presets], frozen=True, kw_only=True):
    """List the presets of a model."""

    model: Name


class SavePreset(Request[Preset], frozen=True, kw_only=True):
    """Save options under a name. E_EXISTS if the name is taken, unless it may be replaced."""

    model: Name
    name: Name
    options: GenerationOptions
    replace: bool = False


class DeletePreset(Request[Done], frozen=True, kw_only=True):
    """Delete a preset of a model. It is moved to the trash."""

    model: Name
    name: Name

"""Requests about corpora, and their replies."""

from typing import Annotated

from msgspec import Meta

from protocol.messages.fields import Done, Name, Path, Request, Struct
from protocol.messages.jobs import JobAccepted


class AddToCorpus(Request[JobAccepted], frozen=True, kw_only=True):
    """Add files and folders (absolute paths on the daemon's machine) to a corpus, as a job."""

    corpus: Name
    paths: Annotated[list[Path], Meta(min_length=1, max_length=10_000)]


class CorpusFile(Struct, frozen=True, kw_only=True):
    """One source file. status: ok, skipped or duplicate. problem: why it is not ok. hint: what to do about it."""

    path: str
    status: str
    seconds: float = 0.0
    sample_rate: int = 0
    channels: int = 0
    peak_db: float = 0.0
    loudness_db: float = 0.0
    clipped: int = 0
    silence: float = 0.0
    problem: str = ""
    hint: str = ""


class CorpusInfo(Struct, frozen=True, kw_only=True):
    """A summary of a corpus. frames: its length in training frames, at 46.875 per second."""

    name: Name
    files: int
    skipped: int
    seconds: float
    frames: int
    path: str = ""


class Corpora(Struct, frozen=True, kw_only=True):
    """The reply to ListCorpora."""

    corpora: list[CorpusInfo]


class ListCorpora(Request[Corpora], frozen=True, kw_only=True):
    """List all corpora, as their folders are now."""


class Corpus(Struct, frozen=True, kw_only=True):
    """The reply to ShowCorpus."""

    info: CorpusInfo
    files: list[CorpusFile]


class ShowCorpus(Request[Corpus], frozen=True, kw_only=True):
    """Describe one corpus and all its files."""

    name: Name


class RemoveCorpus(Request[Done], frozen=True, kw_only=True):
    """Move a corpus to the trash. Models trained on it are kept. E_BUSY while a job uses it, even a paused one."""

    name: Name

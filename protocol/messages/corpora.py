"""Requests about corpora, and their replies."""

from typing import Annotated

from msgspec import Meta

from protocol.messages.fields import Done, Name, Path, Request, Struct
from protocol.messages.jobs import JobAccepted


class AddToCorpus(Request[JobAccepted], frozen=True, kw_only=True):
    """Ingest files and folders (absolute paths on the daemon's machine) as a job."""

    corpus: Name
    paths: Annotated[list[Path], Meta(min_length=1, max_length=10_000)]


class CorpusFile(Struct, frozen=True, kw_only=True):
    """One source file. status: ok, skipped or duplicate; `problem` says why and `hint` what to do."""

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
    """A corpus in a line; frames are training frames at 46.875 a second."""

    name: Name
    files: int
    skipped: int
    seconds: float
    frames: int
    path: str = ""


class Corpora(Struct, frozen=True, kw_only=True):
    """Answer to ListCorpora."""

    corpora: list[CorpusInfo]


class ListCorpora(Request[Corpora], frozen=True, kw_only=True):
    """All corpora."""


class Corpus(Struct, frozen=True, kw_only=True):
    """Answer to ShowCorpus."""

    info: CorpusInfo
    files: list[CorpusFile]


class ShowCorpus(Request[Corpus], frozen=True, kw_only=True):
    """One corpus with its files."""

    name: Name


class RemoveCorpus(Request[Done], frozen=True, kw_only=True):
    """Move a corpus to the trash. Models trained on it stay. E_BUSY while a job uses it, also a paused one."""

    name: Name

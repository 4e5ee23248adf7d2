"""The corpus index `corpus.json`: a record of each file, and access to its cached samples."""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.corpus.errors import CorpusError
from daemon.corpus.mapping import map_array
from daemon.corpus.pairs import Pair, measure_pair
from daemon.errors import passing_hint
from protocol.atomic import write_bytes
from protocol.units import SAMPLE_RATE_HZ

FORMAT_VERSION = 1
INDEX_NAME = "corpus.json"

Status = Literal["ok", "partial", "duplicate", "error"]


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Record of one source file. Measurements are of the audio at 48 kHz; defaults if nothing could be read."""

    source: str
    """Absolute path of the source file."""
    sha256: str = ""
    """SHA-256 of the file's bytes."""
    audio_sha256: str = ""
    """SHA-256 of the decoded samples, which is the same for the same recording in another container."""
    sample_rate_hz: int = 0
    """Sample rate of the source."""
    channels: int = 0
    """Number of channels of the source; the cache holds one or two."""
    samples: int = 0
    """Length in the cache, per channel, at 48 kHz."""
    duration_s: float = 0.0
    peak_db: float = -120.0
    loudness_lufs: float = -70.0
    """BS.1770 integrated loudness of the mean of the channels `heard`."""
    clipped_samples: int = 0
    """Samples in runs of at least three at full scale."""
    silence_share: float = 0.0
    """Share of 20 ms blocks below -60 dBFS."""
    dc_offset: float = 0.0
    """Largest DC offset of a channel, full scale 1; 0 if it is too small to remove."""
    is_offset_removed: bool = False
    """Whether the offset is removed in the cache. Readers subtract it if not, as in an index of an older version."""
    heard: list[int] | None = None
    """Channels of the cache that are averaged to mono: all but digitally silent ones. None, in an old index, means all.
    """
    gain_db: float = 0.0
    """Gain to the codec's reference loudness."""
    pair: Pair | None = None
    """Measurements of two channels together; None for other files and in an old index."""
    status: Status = "ok"
    message: str = ""
    """Problem with the file, in one sentence; empty if there is none."""
    hint: str = ""
    """What to do about the problem."""
    audio: str = ""
    """Cache file relative to the corpus folder; empty when the file is not used."""

    @property
    def is_usable(self) -> bool:
        """Whether the samples of the file are in the corpus."""
        return bool(self.audio)


class CorpusIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the index file `corpus.json`."""

    version: int = FORMAT_VERSION
    sample_rate_hz: int = SAMPLE_RATE_HZ
    files: list[FileRecord] = []


class Corpus:
    """A corpus on disk, opened for reading.

    Attributes:
        folder: folder of the corpus.
        files: all records in the order in which they were added, including errors and duplicates.
        usable: the records that have samples.
    """

    def __init__(self, folder: Path, files: list[FileRecord]) -> None:
        self.folder = folder
        self.files = files
        self.usable = [record for record in files if record.is_usable]
        self._pairs: dict[str, Pair] = {}

    @property
    def duration_s(self) -> float:
        """Total length of the usable audio in seconds."""
        return sum(record.duration_s for record in self.usable)

    def audio(self, record: FileRecord) -> NDArray[np.float32]:
        """Memory-map the samples of a usable record: `(C, L)` float32 at 48 kHz. No file stays open.

        Raises:
            CorpusError: the cache file is missing or damaged, or cannot be opened.
        """
        path = self.folder / record.audio
        try:
            samples = map_array(path)
        except FileNotFoundError as error:
            raise CorpusError(
                f"{path}: the cached audio of {Path(record.source).name} is missing.",
                "Remove the corpus and add its files again.",
            ) from error
        except OSError as error:
            raise CorpusError(
                f"{path}: the cached audio of {Path(record.source).name} cannot be read ({error.strerror}).",
                passing_hint(error, "Check the disk it is on and try again."),
            ) from error
        except ValueError as error:
            raise CorpusError(
                f"{path}: the cached audio of {Path(record.source).name} is damaged ({error}).",
                "Remove the corpus and add its files again.",
            ) from error
        if samples.ndim != 2 or samples.dtype != np.float32 or samples.shape[1] != record.samples:
            raise CorpusError(
                f"{path}: the cached audio of {Path(record.source).name} is damaged.",
                "Remove the corpus and add its files again.",
            )
        return samples

    def pair(self, record: FileRecord) -> Pair | None:
        """Measurements of a record's two channels together, taken now if the index is old; None for one channel.

        Raises:
            CorpusError: the cache file is missing or damaged.
        """
        if record.pair is not None or record.channels != 2:
            return record.pair
        if record.audio not in self._pairs:
            self._pairs[record.audio] = measure_pair(self.audio(record))
        return self._pairs[record.audio]

    def stereo_share(self) -> float:
        """Share of the usable audio, by duration, that is audibly stereo: 0 to 1. One live channel is not stereo."""
        pairs = [record for record in self.usable if record.heard is None or len(record.heard) == 2]
        stereo_s = sum(record.duration_s for record in pairs if (p := self.pair(record)) and p.is_stereo)
        return stereo_s / max(self.duration_s, 1e-9)


def load_corpus(corpus_dir: Path) -> Corpus:
    """Open the corpus in a folder.

    Raises:
        CorpusError: the folder holds no corpus, or its index cannot be read.
    """
    path = corpus_dir / INDEX_NAME
    try:
        index = msgspec.json.decode(path.read_bytes(), type=CorpusIndex)
    except FileNotFoundError as error:
        raise CorpusError(f"{corpus_dir}: there is no corpus here.", "Add files to it first.") from error
    except OSError as error:
        raise CorpusError(
            f"{path}: the corpus index cannot be read ({error.strerror}).",
            passing_hint(error, "Check the disk it is on and try again."),
        ) from error
    except msgspec.DecodeError as error:
        raise CorpusError(
            f"{path}: the corpus index cannot be read ({error}).",
            "Remove the corpus and add its files again.",
        ) from error
    if index.version != FORMAT_VERSION or index.sample_rate_hz != SAMPLE_RATE_HZ:
        raise CorpusError(
            f"{path}: written by another version of Allele (format {index.version}).",
            "Add the files to a new corpus.",
        )
    return Corpus(corpus_dir, index.files)


def save_index(corpus_dir: Path, files: list[FileRecord]) -> None:
    """Replace the corpus index; the caller must have written the audio that it names."""
    encoded = msgspec.json.encode(CorpusIndex(files=files))
    write_bytes(corpus_dir / INDEX_NAME, msgspec.json.format(encoded, indent=1))

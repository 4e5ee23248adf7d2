"""`corpus.json`: what the corpus knows about each file, and the way back to its samples."""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.corpus.errors import CorpusError
from daemon.corpus.mapping import map_array
from daemon.corpus.pairs import Pair, measure_pair
from daemon.errors import passing_hint
from daemon.files.atomic import write_bytes
from protocol.units import SAMPLE_RATE_HZ

FORMAT_VERSION = 1
INDEX_NAME = "corpus.json"

Status = Literal["ok", "partial", "duplicate", "error"]


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One source file. Measures are of the audio at 48 kHz; empty when nothing could be read."""

    source: str
    """Absolute path it was read from."""
    sha256: str = ""
    """Of the file's bytes."""
    audio_sha256: str = ""
    """Of the decoded samples: the same recording in another container is the same audio."""
    sample_rate_hz: int = 0
    """The source's own rate."""
    channels: int = 0
    """The source's own channel count; the cache holds one or two."""
    samples: int = 0
    """Length in the cache, per channel, at 48 kHz."""
    duration_s: float = 0.0
    peak_db: float = -120.0
    loudness_lufs: float = -70.0
    """BS.1770 integrated loudness of the mean of the channels that are heard."""
    clipped_samples: int = 0
    """Samples in runs of at least three at full scale."""
    silence_share: float = 0.0
    """Share of 20 ms blocks below -60 dBFS."""
    dc_offset: float = 0.0
    """Of the channel that has most, full scale 1; 0 where it is not worth naming."""
    is_offset_removed: bool = False
    """Whether the cache is without it. In an index from before it was removed at ingest, readers subtract it."""
    heard: list[int] | None = None
    """Channels of the cache that one channel is the mean of: all but digitally silent ones. None, of an old index: all.
    """
    gain_db: float = 0.0
    """What brings the file to the codec's reference loudness."""
    pair: Pair | None = None
    """The two channels together; None of other files, and in an index from before it was measured."""
    status: Status = "ok"
    message: str = ""
    """What is wrong, in one sentence; empty when nothing is."""
    hint: str = ""
    """What to do about it."""
    audio: str = ""
    """Cache file relative to the corpus folder; empty when the file is not used."""

    @property
    def is_usable(self) -> bool:
        """Whether its samples are in the corpus."""
        return bool(self.audio)


class CorpusIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of `corpus.json`."""

    version: int = FORMAT_VERSION
    sample_rate_hz: int = SAMPLE_RATE_HZ
    files: list[FileRecord] = []


class Corpus:
    """A corpus on disk, ready to be read from.

    Attributes:
        folder: where it lies.
        files: every record, in the order they were added, errors and duplicates included.
        usable: the records that have samples.
    """

    def __init__(self, folder: Path, files: list[FileRecord]) -> None:
        self.folder = folder
        self.files = files
        self.usable = [record for record in files if record.is_usable]
        self._pairs: dict[str, Pair] = {}

    @property
    def duration_s(self) -> float:
        """Seconds of usable audio."""
        return sum(record.duration_s for record in self.usable)

    def audio(self, record: FileRecord) -> NDArray[np.float32]:
        """The samples of one usable record, memory-mapped: `(C, L)` float32 at 48 kHz. No file stays open.

        Raises:
            CorpusError: the cache file is missing or damaged, or cannot be opened now.
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
        """The two channels of one usable record together, measured now if its index is old; None of one channel.

        Raises:
            CorpusError: the cache file is missing or damaged.
        """
        if record.pair is not None or record.channels != 2:
            return record.pair
        if record.audio not in self._pairs:
            self._pairs[record.audio] = measure_pair(self.audio(record))
        return self._pairs[record.audio]

    def stereo_share(self) -> float:
        """Share of the usable audio, by duration, whose width is heard: 0 to 1. One live channel has none."""
        pairs = [record for record in self.usable if record.heard is None or len(record.heard) == 2]
        stereo_s = sum(record.duration_s for record in pairs if (p := self.pair(record)) and p.is_stereo)
        return stereo_s / max(self.duration_s, 1e-9)


def load_corpus(corpus_dir: Path) -> Corpus:
    """Open a corpus folder.

    Raises:
        CorpusError: there is no corpus there, or its index cannot be understood.
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
    """Replace the index; the caller has already written the audio it names."""
    encoded = msgspec.json.encode(CorpusIndex(files=files))
    write_bytes(corpus_dir / INDEX_NAME, msgspec.json.format(encoded, indent=1))

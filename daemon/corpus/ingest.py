"""Ingest recordings: decode them, check their channels, convert them to 48 kHz, measure and cache them.

Memory is bounded by a few blocks for files of any size. The index is replaced after every file, so that
a kill leaves a valid corpus of the finished files. A bad file becomes a record, never an exception.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.corpus.averaging import averaging_remarks, cancelled
from daemon.corpus.cache import write_cache
from daemon.corpus.discovery import Found, find_files
from daemon.corpus.errors import CorpusError
from daemon.corpus.leftovers import Leftovers
from daemon.corpus.levels import Looked, look_at
from daemon.corpus.measures import FileMeasures, reference_gain_db
from daemon.corpus.reading import Decoding
from daemon.corpus.records import INDEX_NAME, FileRecord, load_corpus, save_index
from daemon.corpus.remarks import Remark, remarks_on
from daemon.corpus.streams import UnreadableFileError
from daemon.dsp.loudness import SILENCE_LUFS
from daemon.dsp.mixdown import SILENT_DB
from daemon.dsp.resample import require_torchaudio
from daemon.errors import passing_hint
from protocol.atomic import sweep
from protocol.units import SAMPLE_RATE_HZ

SHORTEST_SAMPLES = 1024  # one codec frame, 21 ms
LOUDEST_PEAK = 100.0  # +40 dBFS: not a recording, but integers stored as floats
AUDIO_FOLDER = "audio"
_NOT_NUMBERS = "It holds values that are not numbers (NaN or infinity)."


@dataclass(frozen=True, kw_only=True)
class IngestProgress:
    """Progress of an ingest, reported before every file and at the end (`path` None)."""

    done_files: int
    total_files: int
    path: Path | None
    read_s: float
    """Seconds of audio ingested so far by this call."""


@dataclass(kw_only=True)
class CorpusReport:
    """Result of one call of `ingest`."""

    added: list[FileRecord] = field(default_factory=list[FileRecord])
    duplicates: list[FileRecord] = field(default_factory=list[FileRecord])
    errors: list[FileRecord] = field(default_factory=list[FileRecord])
    left_out: Leftovers = field(default_factory=Leftovers)
    total_files: int = 0
    """Usable files in the corpus after the call."""
    total_s: float = 0.0
    is_cancelled: bool = False


class _CancelledError(Exception):
    pass


def ingest(
    paths: Sequence[Path],
    corpus_dir: Path,
    *,
    progress: Callable[[IngestProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CorpusReport:
    """Add files and folders to a corpus. A corpus that does not exist is created if any file can be used.

    Args:
        paths: files (always read) and folders (searched for audio extensions).
        progress: called before every file and once at the end.
        cancelled: called between blocks; returning True cancels the ingest, and finished files stay.

    Raises:
        CorpusError: the corpus itself cannot be read or written (no space, no permission).
        AudioBackendError: torchaudio does not import.
    """
    require_torchaudio()
    try:
        return _Ingestion(corpus_dir, progress, cancelled).run(paths)
    except OSError as error:
        hint = passing_hint(error, "Check the folder's permissions.")
        raise CorpusError(f"{corpus_dir}: cannot be written ({error.strerror or error}).", hint) from error


class _Ingestion:
    def __init__(
        self,
        corpus_dir: Path,
        progress: Callable[[IngestProgress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._dir = corpus_dir
        self._progress = progress
        self._cancelled = cancelled
        (corpus_dir / AUDIO_FOLDER).mkdir(parents=True, exist_ok=True)
        sweep(corpus_dir)
        sweep(corpus_dir / AUDIO_FOLDER)
        self._is_new = not (corpus_dir / INDEX_NAME).exists()
        self._files = [] if self._is_new else load_corpus(corpus_dir).files
        self._report = CorpusReport()
        self._read_s = 0.0

    def run(self, paths: Sequence[Path]) -> CorpusReport:
        found = find_files(paths, self._report.left_out)
        for done, entry in enumerate(found):
            self._report_progress(done, len(found), entry.path)
            try:
                self._keep(self._read(entry))
            except _CancelledError:
                self._report.is_cancelled = True
                break
        usable = [record for record in self._files if record.is_usable]
        if self._is_new and not usable:
            shutil.rmtree(self._dir)  # the report holds the reasons; an empty corpus is of no use
        else:
            save_index(self._dir, self._files)
        self._report.total_files = len(usable)
        self._report.total_s = sum(record.duration_s for record in usable)
        self._report_progress(len(found), len(found), None)
        return self._report

    def _report_progress(self, done: int, total: int, path: Path | None) -> None:
        self._progress(IngestProgress(done_files=done, total_files=total, path=path, read_s=self._read_s))

    def _read(self, entry: Found) -> FileRecord:
        if self._cancelled():
            raise _CancelledError
        record = FileRecord(source=str(entry.path), status="error", message=entry.message, hint=entry.hint)
        if entry.message:
            return record
        try:
            record = replace(record, sha256=self._hash(entry.path))
            original = self._usable(lambda other: other.sha256 == record.sha256)
            return _duplicate(record, original) if original else self._decode(entry.path, record)
        except UnreadableFileError as reason:
            return replace(record, message=reason.message, hint=reason.hint)

    def _usable(self, matches: Callable[[FileRecord], bool]) -> FileRecord | None:
        return next((record for record in self._files if record.is_usable and matches(record)), None)

    def _hash(self, path: Path) -> str:
        digest = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
                    if self._cancelled():
                        raise _CancelledError
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnreadableFileError(
                f"It cannot be read: {reason}.", passing_hint(error, "Check its permissions.")
            ) from error
        return digest.hexdigest()

    def _decode(self, path: Path, record: FileRecord) -> FileRecord:
        survey = look_at(path, self._watch)
        _refuse_unusable(survey)
        measures = FileMeasures(survey.heard)
        cache = f"{AUDIO_FOLDER}/{record.sha256[:24]}.npy"
        with write_cache(self._dir / cache, survey.channels) as writer:
            for block in survey.blocks():
                measures.add(block)
                writer.add(block)
            _refuse_quiet(survey, measures)
            record = _measured(record, survey, measures, writer.sha256)
            original = self._usable(lambda other: other.audio_sha256 == record.audio_sha256)
            if original is not None:
                writer.discard()
                remarks = [] if survey.decoding.is_partial else remarks_on(survey.decoding)
                return _duplicate(record, original, *(remark.message for remark in remarks))
        self._read_s += record.duration_s
        return _judged(replace(record, audio=cache), survey)

    def _watch(self, _: Decoding, block: NDArray[np.float32]) -> None:
        if self._cancelled():
            raise _CancelledError
        if not np.isfinite(block).all():
            raise UnreadableFileError(_NOT_NUMBERS, "Export it again.")

    def _keep(self, record: FileRecord) -> None:
        # A path that is read again replaces its earlier record; usable audio stays.
        self._files = [f for f in self._files if f.is_usable or f.source != record.source]
        if record.status == "duplicate":
            self._report.duplicates.append(record)
            if any(f.is_usable and f.source == record.source for f in self._files):
                return
        elif record.status == "error":
            self._report.errors.append(record)
        else:
            self._report.added.append(record)
        self._files.append(record)
        save_index(self._dir, self._files)


def _duplicate(record: FileRecord, original: FileRecord, *remarks: str) -> FileRecord:
    message = " ".join((f"The same recording as {original.source}; kept once.", *remarks))
    return replace(record, status="duplicate", message=message, hint="")


def _refuse_unusable(survey: Looked) -> None:
    """Raise an error after the first pass if a file has no usable samples, or its channels are silent or cancel out."""
    decoding, mixdown = survey.decoding, survey.mixdown
    samples = -(-decoding.frames * SAMPLE_RATE_HZ // decoding.sample_rate_hz)
    if not decoding.frames:
        why = "Nothing in it could be decoded." if decoding.is_partial else "It holds no samples."
        raise UnreadableFileError(why, "Export it again.")
    if samples < SHORTEST_SAMPLES:
        milliseconds = 1000 * samples / SAMPLE_RATE_HZ
        raise UnreadableFileError(f"It is too short ({milliseconds:.0f} ms).", "Use recordings of 25 ms or more.")
    if mixdown.is_silent:
        raise _silent(mixdown.is_offset)
    why_not = cancelled(mixdown)
    if why_not is not None:
        raise UnreadableFileError(why_not.message, why_not.hint)


def _refuse_quiet(survey: Looked, measures: FileMeasures) -> None:
    """Raise an error after the second pass if a file is too loud or too quiet."""
    if measures.peak > LOUDEST_PEAK:
        raise UnreadableFileError(f"Its peak is {measures.peak_db:+.0f} dBFS: not audio.", "Export it again.")
    if measures.peak_db < SILENT_DB:
        raise _silent(survey.dc_offset != 0)
    if measures.loudness_lufs <= SILENCE_LUFS:
        raise UnreadableFileError("It is nearly silent, below -70 LUFS.", "Remove it, or make it louder.")


def _silent(is_offset: bool) -> UnreadableFileError:
    but = " but for a DC offset" if is_offset else ""
    return UnreadableFileError(f"It is silent{but}.", "Remove it, or record it again.")


def _measured(record: FileRecord, survey: Looked, measures: FileMeasures, digest: str) -> FileRecord:
    loudness = measures.loudness_lufs
    return replace(
        record,
        audio_sha256=digest,
        sample_rate_hz=survey.decoding.sample_rate_hz,
        channels=survey.decoding.channels,
        samples=measures.samples,
        duration_s=measures.samples / SAMPLE_RATE_HZ,
        peak_db=round(measures.peak_db, 2),
        loudness_lufs=round(loudness, 2),
        clipped_samples=survey.clipped_samples,
        silence_share=round(measures.silence_share, 4),
        dc_offset=round(survey.dc_offset, 6),
        is_offset_removed=True,
        heard=list(survey.heard),
        gain_db=round(reference_gain_db(loudness), 2),
        pair=measures.pair,
    )


def _judged(record: FileRecord, survey: Looked) -> FileRecord:
    remarks = [*remarks_on(survey.decoding), *averaging_remarks(survey.mixdown)]
    if record.dc_offset:
        remarks.append(Remark(f"It has a DC offset of {record.dc_offset:+.2f}, which was removed."))
    message = " ".join(remark.message for remark in remarks)
    hint = " ".join(dict.fromkeys(remark.hint for remark in remarks if remark.hint))
    return replace(record, status="partial" if survey.decoding.is_partial else "ok", message=message, hint=hint)

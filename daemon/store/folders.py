"""Corpora and models as their folders describe them: `corpus.json` and `model.json` are the truth, SQLite an index.

Boundary: reads what `daemon.corpus` and `daemon.training` write, never writes there. What can go wrong: a folder
without a readable description is no corpus or model yet; the log says so once for each change of its file.
"""

import logging
from pathlib import Path
from typing import Any

import msgspec

from daemon.codec.format import format_problem
from daemon.corpus.errors import CorpusError
from daemon.corpus.records import INDEX_NAME, Corpus, FileRecord, load_corpus
from daemon.runs.errors import TrainingError
from daemon.runs.folder import CHECKPOINTS, MODEL_NAME, RUN_NAME, ModelCard, read_run
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusFile, CorpusInfo
from protocol.messages.models import ModelInfo

log = logging.getLogger("allele.store")

FRAME_RATE_HZ = 46.875


def signature(described: Path) -> str:
    """Changes whenever a description file is replaced; "" when there is none."""
    try:
        status = described.stat()
    except OSError:
        return ""
    return f"{status.st_ino}:{status.st_mtime_ns}:{status.st_size}"


def corpus_signature(folder: Path) -> str:
    """What a corpus's row in the index was made from."""
    return signature(folder / INDEX_NAME)


def model_signature(folder: Path) -> str:
    """What a model's row in the index was made from."""
    return signature(folder / MODEL_NAME)


def read_corpus(folder: Path) -> CorpusInfo | None:
    """A corpus in a line, or None when the folder is none."""
    try:
        corpus = load_corpus(folder)
    except CorpusError as problem:
        log.warning("%s", problem)
        return None
    return corpus_info(corpus)


def corpus_info(corpus: Corpus) -> CorpusInfo:
    """A corpus in a line."""
    return CorpusInfo(
        name=corpus.folder.name,
        files=len(corpus.usable),
        skipped=len(corpus.files) - len(corpus.usable),
        seconds=round(corpus.duration_s, 3),
        frames=int(corpus.duration_s * FRAME_RATE_HZ),
        path=str(corpus.folder),
    )


def corpus_file(record: FileRecord) -> CorpusFile:
    """One file of a corpus as messages carry it; a partly readable file is ok, and `problem` says what is missing."""
    return CorpusFile(
        path=record.source,
        status={"ok": "ok", "partial": "ok", "duplicate": "duplicate"}.get(record.status, "skipped"),
        seconds=round(record.duration_s, 3),
        sample_rate=record.sample_rate_hz,
        channels=record.channels,
        peak_db=record.peak_db,
        loudness_db=record.loudness_lufs,
        clipped=record.clipped_samples,
        silence=record.silence_share,
        problem=record.message,
        hint=record.hint,
    )


def read_model(folder: Path) -> ModelInfo | None:
    """A finished model in a line, or None."""
    try:
        card = msgspec.json.decode((folder / MODEL_NAME).read_bytes(), type=ModelCard)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as problem:
        log.warning("%s: %s", folder / MODEL_NAME, problem)
        return None
    return ModelInfo(
        name=folder.name,
        codec_id=card.codec_id,
        corpus=card.corpus,
        levels=card.levels,
        codebook=card.codebook,
        steps=card.steps,
        seconds=card.seconds,
        held_out=card.held_out.named if card.held_out else {},
        utilisation=list(card.utilisation),
        memorisation=_memorisation(card),
        sample_rate=card.sample_rate,
        hop_length=card.hop_length,
        frame_rate=card.frame_rate,
        channels=card.channels,
        created=card.created,
        prior=None,
        path=str(folder),
    )


def with_problem(info: ModelInfo, folder: Path) -> ModelInfo:
    """The same model, and why it can make no sound if so."""
    problem, hint = format_problem(folder)
    return msgspec.structs.replace(info, problem=problem, hint=hint)


def _memorisation(card: ModelCard) -> dict[str, Any]:
    """In short; `memorisation.json` in the model's folder has all of it."""
    if not card.memorisation:
        return {}
    return {"verdict": card.memorisation, "ratio": card.memorisation_ratio, "train_mel": card.train_mel}


def has_run(folder: Path) -> bool:
    """Whether a training was begun in this folder."""
    return (folder / RUN_NAME).exists()


def has_learnt(folder: Path) -> bool:
    """Whether a training left a whole checkpoint to make a model of, one after its first step."""
    # As daemon.training.checkpoint writes them, which imports torch: a manifest last, so what has one is whole.
    whole = (path.parent.name for path in (folder / CHECKPOINTS).glob("step-*/manifest.json"))
    return any(name.removeprefix("step-").strip("0") for name in whole)


def run_corpus(folder: Path) -> str:
    """The corpus that the training in this folder learns from.

    Raises:
        AlleleError: E_NOT_FOUND, E_IO when `run.json` is damaged.
    """
    try:
        run = read_run(folder)
    except TrainingError as problem:
        raise AlleleError("E_IO", problem.message.rstrip("."), hint=problem.hint.rstrip(".")) from None
    if run is None:
        raise AlleleError("E_NOT_FOUND", f"{folder.name} is no training")
    return run.corpus


def unfinished_runs(models: Path) -> list[str]:
    """Names of trainings that can be resumed."""
    try:
        folders = sorted(path for path in models.iterdir() if has_run(path))
    except OSError:
        return []
    return [path.name for path in folders if not (path / MODEL_NAME).exists()]

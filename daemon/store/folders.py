"""Describe corpora and models from their folders: `corpus.json` and `model.json` are authoritative, SQLite an index.

This module reads what `daemon.corpus` and `daemon.training` write and never writes there. A folder without a readable
description does not count as a corpus or model; the log reports a damaged one once for each change of its file.
"""

import logging
from pathlib import Path
from typing import Any

import msgspec

from daemon.codec.format import format_problem
from daemon.corpus.errors import CorpusError
from daemon.corpus.records import INDEX_NAME, Corpus, FileRecord, load_corpus
from daemon.generation.knob_facts import KNOBS_NAME, read_facts
from daemon.prior.card import CARD_NAME, read_card
from daemon.prior.card import FOLDER as PRIOR
from daemon.runs.checkpoint import complete
from daemon.runs.errors import TrainingError
from daemon.runs.folder import CHECKPOINTS, MODEL_NAME, RUN_NAME, ModelCard, Run, read_run
from daemon.runs.spec import Plan
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusFile, CorpusInfo
from protocol.messages.models import KnobFact, ModelInfo

log = logging.getLogger("allele.store")

FRAME_RATE_HZ = 46.875


def signature(described: Path) -> str:
    """A string that changes whenever a description file is replaced; "" if there is no such file."""
    try:
        status = described.stat()
    except OSError:
        return ""
    return f"{status.st_ino}:{status.st_mtime_ns}:{status.st_size}"


def corpus_signature(folder: Path) -> str:
    """Signature of a corpus's description, saved with its row in the index."""
    return signature(folder / INDEX_NAME)


def model_signature(folder: Path) -> str:
    """Signature of a model's description, its prior's and its knobs', saved with its row in the index."""
    described = signature(folder / MODEL_NAME)
    return described and described + signature(folder / PRIOR / CARD_NAME) + signature(folder / KNOBS_NAME)


def read_corpus(folder: Path) -> CorpusInfo | None:
    """Summary of the corpus in a folder; None if it holds no readable corpus."""
    try:
        corpus = load_corpus(folder)
    except CorpusError as problem:
        log.warning("%s", problem)
        return None
    return corpus_info(corpus)


def corpus_info(corpus: Corpus) -> CorpusInfo:
    """Summary of an opened corpus."""
    return CorpusInfo(
        name=corpus.folder.name,
        files=len(corpus.usable),
        skipped=len(corpus.files) - len(corpus.usable),
        seconds=round(corpus.duration_s, 3),
        frames=int(corpus.duration_s * FRAME_RATE_HZ),
        path=str(corpus.folder),
    )


def corpus_file(record: FileRecord) -> CorpusFile:
    """Message form of a corpus file. A partly readable file has status ok, and `problem` describes what is missing."""
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
    """Summary of the finished model in a folder; None if it holds none that can be read."""
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
        prior=prior_of(folder),
        knobs=[KnobFact(**msgspec.structs.asdict(fact)) for fact in read_facts(folder, card.codec_id)],
        codec_from=card.codec_from,
        path=str(folder),
    )


def prior_of(folder: Path) -> dict[str, Any] | None:
    """Summary of a model's prior; None if it has none."""
    card = read_card(folder)
    if card is None:
        return None
    return {
        "kind": card.kind,
        "parameters": card.parameters,
        "steps": card.steps,
        "seconds": card.seconds,
        "bits_per_frame": card.bits_per_frame,
        "held_out_bits_per_frame": card.held_out_bits_per_frame,
        "novelty": card.novelty,
    }


def has_prior(folder: Path) -> bool:
    """Whether a model's folder holds a finished prior."""
    return (folder / PRIOR / CARD_NAME).exists()


def lacks_prior(folder: Path) -> bool:
    """Whether a folder holds a finished model whose prior is not trained, or not to its end."""
    return (folder / MODEL_NAME).exists() and read_card(folder) is None


def with_problem(info: ModelInfo, folder: Path) -> ModelInfo:
    """The summary of a model with the reason why this version cannot use it, if there is one."""
    problem, hint = format_problem(folder)
    return msgspec.structs.replace(info, problem=problem, hint=hint)


def _memorisation(card: ModelCard) -> dict[str, Any]:
    """Summary of the memorisation report, which `memorisation.json` in the model's folder holds in full."""
    if not card.memorisation:
        return {}
    return {"verdict": card.memorisation, "ratio": card.memorisation_ratio, "train_mel": card.train_mel}


def has_run(folder: Path) -> bool:
    """Whether a training was started in a folder."""
    return (folder / RUN_NAME).exists()


def has_learnt(folder: Path) -> bool:
    """Whether a training left a complete checkpoint, after its first step or later, to make a model from."""
    return any(path.name.removeprefix("step-").strip("0") for path in complete(folder / CHECKPOINTS))


def run_corpus(folder: Path) -> str:
    """Name of the corpus of the training in a folder.

    Raises:
        AlleleError: E_NOT_FOUND if there is no training, E_IO if `run.json` is damaged.
    """
    return _run_in(folder).corpus


def run_codec_from(folder: Path) -> str:
    """Name of the model whose codec the training in a folder took; empty if it has one of its own.

    Raises:
        AlleleError: E_NOT_FOUND if there is no training, E_IO if `run.json` is damaged.
    """
    return _run_in(folder).spec.codec_from or ""


def _run_in(folder: Path) -> Run[Plan]:
    try:
        run = read_run(folder)
    except TrainingError as problem:
        raise AlleleError("E_IO", problem.message.rstrip("."), hint=problem.hint.rstrip(".")) from None
    if run is None:
        raise AlleleError("E_NOT_FOUND", f"{folder.name} is not a training")
    return run


def unfinished_runs(models: Path) -> list[str]:
    """Names of trainings that can be resumed."""
    try:
        folders = sorted(path for path in models.iterdir() if has_run(path))
    except OSError:
        return []
    return [path.name for path in folders if not (path / MODEL_NAME).exists()]

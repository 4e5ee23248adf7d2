"""Gather what a finished model needs of its training recordings: codes, events, and the index of novelty."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.generation.errors import GenerationError
from daemon.generation.event_gathering import events_of
from daemon.generation.material import Material, gather
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.making import make_index
from daemon.runs.folder import read_run

_ENCODING = 0.5
"""Share of the work until the material is gathered."""


def gather_material(
    model_dir: Path,
    corpus_dir: Path,
    *,
    device: torch.device | str = "cpu",
    go_on: Callable[[float], bool] = lambda _: True,
) -> bool:
    """Write the material of a model, its index of novelty and its events, unless they are there; False if stopped.

    Raises:
        GenerationError: the folder holds no finished run.
        CodecError, CorpusError, TrainingError: the model or its training corpus cannot be read.
    """
    codec = Codec.load(model_dir, device)
    material, is_indexed = _stored_material(model_dir, codec), _is_indexed(model_dir, codec)
    if material is not None and is_indexed:
        return events_of(model_dir, material, go_on) is not None
    run = read_run(model_dir)
    if run is None:
        raise GenerationError(f"{model_dir.name} has no run.json: its training files are not known.", "Train it again.")
    corpus, split = load_corpus(corpus_dir), run.plan.split
    clips, seed = open_parts(corpus, split.train, codec.config), run.spec.seed
    if material is None:
        material = gather(codec, clips, split.train, seed=seed, go_on=lambda share: go_on(_ENCODING * share))
        if material is None:
            return False
        material.save(model_dir)
        is_indexed = False
    if not is_indexed:
        index = make_index(
            codec,
            material,
            (clips, split.train),
            open_parts(corpus, split.held_out, codec.config),
            seed=seed,
            go_on=lambda share: go_on(_ENCODING + (1 - _ENCODING) * share),
        )
        if index is None:
            return False
        index.save(model_dir)
    return events_of(model_dir, material) is not None


def _stored_material(model_dir: Path, codec: Codec) -> Material | None:
    try:
        return Material.load(model_dir, codec)
    except GenerationError:
        return None


def _is_indexed(model_dir: Path, codec: Codec) -> bool:
    try:
        NoveltyIndex.load(model_dir, codec.codec_id)
    except NoveltyError:
        return False
    return True

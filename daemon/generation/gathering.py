"""Gather the material of a finished model from its training recordings."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.generation.errors import GenerationError
from daemon.generation.material import Material, gather
from daemon.runs.folder import read_run


def gather_material(
    model_dir: Path,
    corpus_dir: Path,
    *,
    device: torch.device | str = "cpu",
    go_on: Callable[[float], bool] = lambda _: True,
) -> bool:
    """Write the material of a model unless it is there already; returns False if `go_on` stopped it.

    Raises:
        GenerationError: the folder holds no finished run.
        CodecError, CorpusError, TrainingError: the model or its training corpus cannot be read.
    """
    codec = Codec.load(model_dir, device)
    try:
        Material.load(model_dir, codec)
        return True
    except GenerationError:
        pass
    run = read_run(model_dir)
    if run is None:
        raise GenerationError(f"{model_dir.name} has no run.json: its training files are not known.", "Train it again.")
    parts = run.plan.split.train
    clips = open_parts(load_corpus(corpus_dir), parts, codec.config)
    material = gather(codec, clips, parts, seed=run.spec.seed, go_on=go_on)
    if material is None:
        return False
    material.save(model_dir)
    return True

"""Measure the atlas of a finished model from its folder and its training corpus."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from daemon.atlas.errors import AtlasError
from daemon.atlas.files import write_atlas
from daemon.atlas.probe import probe
from daemon.atlas.table import RELIABLE, Atlas
from daemon.codec.codec import Codec, Codes
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.runs.folder import read_run

MOST_FRAMES = 12_000
"""Training frames to encode, 4 minutes; contexts and usage counts need no more."""


def measure_model(
    model_dir: Path,
    corpus_dir: Path,
    *,
    device: torch.device | str = "cpu",
    say: Callable[[str], None] = lambda _: None,
    go_on: Callable[[float], bool] = lambda _: True,
) -> Atlas | None:
    """Measure a finished model's codes and write its atlas.

    Args:
        say: called with a one-line summary at the end.
        go_on: called with the share done; returning False cancels, and nothing is written.

    Returns:
        The atlas, or None if cancelled.

    Raises:
        AtlasError: the folder holds no finished run.
        CodecError, CorpusError, TrainingError: the model or its training corpus cannot be read.
    """
    began_s = time.monotonic()
    run = read_run(model_dir)
    if run is None:
        message = f"{model_dir.name} has no run.json: its training files are not known"
        raise AtlasError(message, "train it again", can_resume=False)
    codec = Codec.load(model_dir, device)
    clips = open_parts(load_corpus(corpus_dir), run.plan.split.train, codec.config)
    hop = codec.config.hop_length
    share = min(1.0, MOST_FRAMES * hop / max(1, sum(clip.samples for clip in clips)))
    grids: list[Codes] = []
    for clip in clips:
        length = max(min(clip.samples, hop), int(clip.samples * share))
        grids.append(codec.encode(np.ascontiguousarray(clip.sound(0, length))).codes)
        if not go_on(0.0):
            return None
    atlas = probe(codec, grids, go_on=go_on)
    if atlas is not None:
        write_atlas(model_dir, atlas)
        say(f"{describe_atlas(atlas)} ({time.monotonic() - began_s:.0f} s)")
    return atlas


def describe_atlas(atlas: Atlas) -> str:
    """Summarise an atlas in one line: its size, and on how many levels each descriptor is reliable."""
    Q, K, M, _ = atlas.shape
    counts = (atlas.reliability >= RELIABLE).sum(0).tolist()
    listed = ", ".join(f"{name} {count}" for name, count in zip(atlas.descriptors, counts, strict=True) if count)
    return f"atlas: {Q} levels × {K} codes in {M} contexts; reliable levels of {Q}: {listed or 'none'}"

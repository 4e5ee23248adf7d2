"""Allele's own codec in the benchmark: trained by `train`, judged through `Codec.encode` and `Codec.decode`."""

import os
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.codec.files import read_codec
from daemon.codec.loudness import clip_gain_db
from daemon.codec.model import CodecModel
from daemon.codec.spectrum import whole_hops
from daemon.corpus.clips import Clip, open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance
from daemon.runs.folder import read_run
from daemon.runs.reports import Report, StepReport
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train
from daemon.training.evaluation import FINAL_USAGE_FRAMES, code_usage, round_trip
from peers.measuring import figures, speeds
from peers.records import Cell, Effort, OurColumns, Outcome
from peers.training import effort_of

Sound = NDArray[np.float32]
SPEED_S, SPEED_REPEATS = 20.0, 5


def run_ours(
    cell: Cell,
    spec: TrainingSpec,
    corpus_dir: Path,
    held_out: list[Sound],
    scratch: Path,
) -> Outcome:
    """Train on a corpus and measure on sounds it has not seen."""
    effort, validation = _train(spec, corpus_dir, scratch)
    codec = Codec.load(scratch, "cpu")
    run = read_run(scratch)
    assert run is not None
    config = codec.config
    clips = open_parts(load_corpus(corpus_dir), run.plan.split.train, config)
    pairs = [(sound, round_trip(codec, sound)) for sound in held_out]
    return Outcome(
        figures=figures(pairs, config.kbps, is_heard=cell.is_heard),
        parameters=codec.parameter_count,
        speeds=speeds(
            lambda sound: codec.encode(sound),
            lambda made: codec.decode(made.codes, samples=made.samples, gain_db=made.gain_db),
            held_out,
            SPEED_S,
            SPEED_REPEATS,
        ),
        effort=effort,
        ours=_columns(codec, clips, held_out),
        bypass=figures(_bypassed(codec, scratch, held_out), 0.0, is_heard=cell.is_heard),
        validation_mel=validation,
        note=f"{config.levels} levels × {config.codebook_size}",
    )


def _train(spec: TrainingSpec, corpus_dir: Path, scratch: Path) -> tuple[Effort, float]:
    totals: list[float] = []

    def listen(report: Report) -> None:
        if isinstance(report, StepReport):
            totals.append(report.losses["total"])

    load, began, cpu = os.getloadavg()[0], time.monotonic(), time.process_time()
    result = train(spec, corpus_dir, scratch, report=listen)
    effort = effort_of(result.steps, time.monotonic() - began, time.process_time() - cpu, load, totals)
    assert result.held_out is not None
    return effort, result.held_out.mel


def _columns(codec: Codec, training: list[Clip], held_out: list[Sound]) -> OurColumns:
    silence = round_trip(codec, np.zeros(96_000, np.float32))
    return OurColumns(
        utilisation=[level.utilisation for level in code_usage(codec, training, FINAL_USAGE_FRAMES)],
        prefix_mel=_prefix_mel(codec, held_out),
        silence_db=20 * float(np.log10(np.abs(silence).max() + 1e-9)),
    )


def _prefix_mel(codec: Codec, held_out: list[Sound]) -> list[float]:
    """Mel with only the first level heard, then the first two, and so on."""
    sums = np.zeros(codec.config.levels)
    for sound in held_out:
        made = codec.encode(sound)
        for top in range(codec.config.levels):
            decoded = codec.decode(made.codes, levels=range(top + 1), samples=made.samples, gain_db=made.gain_db)
            sums[top] += mel_distance(sound, decoded)
    return (sums / len(held_out)).tolist()


@torch.no_grad()
def _bypassed(codec: Codec, folder: Path, held_out: list[Sound]) -> list[tuple[Sound, Sound]]:
    """The same weights with the latent handed over as it is, at the gain the codes are given."""
    described, state = read_codec(folder)
    model = CodecModel(described.config).eval()
    model.load_state_dict(state)
    pairs: list[tuple[Sound, Sound]] = []
    for sound in held_out:
        gain = np.float32(10 ** (clip_gain_db(sound, described.config) / 20))
        audio = whole_hops(torch.from_numpy(sound * gain)[None], described.config.hop_length)
        decoded = model.decode(model.encode(audio))[0, : sound.size].numpy()
        back = np.float32(10 ** (codec.encode(sound).gain_db / 20))
        pairs.append((sound, decoded * back))
    return pairs

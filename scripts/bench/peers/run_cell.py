"""Run one cell of the benchmark in a process of its own: `python -m peers.run_cell JOB.json`.

The job names the cell, the two ingested corpora and where the outcome goes. Memory, CPU seconds and threads are then
this cell's alone. It ends when the process that started it is gone, so that a killed benchmark leaves nothing running.
"""

import os
import sys
import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from daemon.codec.loudness import clip_gain_db
from daemon.corpus.clips import Clip, open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance
from daemon.runs.spec import Plan, TrainingSpec
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus
from peers.measuring import LONGEST_S, figures, level_gain, speeds
from peers.networks import build, peer_setting
from peers.ours import run_ours
from peers.peer import Peer, bake_weight_norm, code_kbps
from peers.records import NO_FOLD, Cell, Outcome, Speeds
from peers.references import RECOMMENDED_OPUS_KBPS, NearestFrame, opus
from peers.training import train_peer, use_parameters
from protocol.atomic import write_bytes
from protocol.units import SAMPLE_RATE_HZ

Sound = NDArray[np.float32]
PEER_SPEED_S, PEER_SPEED_REPEATS = 10.0, 3
PUBLISHED_SPEED_S, PUBLISHED_SPEED_REPEATS = 4.0, 2


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The job of the process, read from its JSON file."""

    cell: Cell
    train: str
    """Ingested corpus to train on."""
    held_out: str
    """Ingested corpus to evaluate on."""
    scratch: str
    outcome: str
    """File that the outcome is written to, as JSON."""
    parent: int


def main(path: Path) -> None:
    """Run the job in a file."""
    job = msgspec.json.decode(path.read_bytes(), type=Job)

    threading.Thread(target=_end_with, args=(job.parent,), daemon=True).start()
    outcome = run(job)
    write_bytes(Path(job.outcome), msgspec.json.encode(outcome))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)  # at once, since nobody waits for the result


def run(job: Job) -> Outcome:
    """Run a cell; returns its outcome."""
    cell, train_dir = job.cell, Path(job.train)
    spec = TrainingSpec(budget_s=cell.budget_s, steps=cell.steps, seed=cell.seed, channels=1)
    corpus = load_corpus(train_dir)
    split = split_corpus(corpus, cell.seed)
    plan, _ = make_plan(spec, split, is_gpu=False)
    set_aside = open_parts(corpus, split.held_out, plan.codec)
    if cell.fold == NO_FOLD:
        held_out = [clip.mono()[: int(LONGEST_S * SAMPLE_RATE_HZ)] for clip in set_aside]
    else:
        held_out = sounds(Path(job.held_out))
    if cell.model == "ours":
        return run_ours(cell, spec, train_dir, held_out, Path(job.scratch) / "model")
    training = open_parts(corpus, split.train, plan.codec)
    if cell.model == "opus":
        return _run_opus(cell, held_out, plan)
    if cell.model == "nearest frame":
        return _run_nearest(cell, training, held_out, plan)
    return _run_peer(cell, training, set_aside, held_out, plan)


def sounds(corpus_dir: Path) -> list[Sound]:
    """The mono mean of every file, 15 s at most."""
    corpus = load_corpus(corpus_dir)
    longest = int(LONGEST_S * SAMPLE_RATE_HZ)
    return [np.asarray(corpus.audio(record)[:, :longest].mean(axis=0), np.float32) for record in corpus.usable]


def _run_peer(
    cell: Cell,
    training: list[Clip],
    validation: list[Clip],
    held_out: list[Sound],
    plan: Plan,
) -> Outcome:
    setting = peer_setting(cell.model, cell.variant, plan.codec.kbps, cell.learning_rate)
    peer = build(cell.model, setting, cell.seed)
    effort, averaged = train_peer(
        peer,
        training,
        plan,
        peak_rate=setting.learning_rate,
        budget_s=cell.budget_s,
        steps=cell.steps,
        seed=cell.seed,
    )
    peer.eval()
    chosen, mel = _better(peer, averaged, [clip.mono()[: 6 * SAMPLE_RATE_HZ] for clip in validation[:8]], plan)
    bake_weight_norm(peer)
    pairs = [(sound, round_trip(peer, sound, plan)) for sound in held_out]
    return Outcome(
        figures=figures(pairs, _kbps(peer, held_out), is_heard=cell.is_heard),
        parameters=peer.parameter_count,
        speeds=_speeds(peer, held_out, PEER_SPEED_S, PEER_SPEED_REPEATS),
        effort=effort,
        validation_mel=mel,
        note=f"{len(peer.strides)} levels × {peer.codebook_size}, {chosen} weights",
        peer=setting,
        published_speeds=_published_speeds(cell, held_out) if cell.variant == "matched" else None,
    )


def _speeds(peer: Peer, held_out: list[Sound], seconds: float, repeats: int) -> Speeds:
    def encode(sound: Sound) -> tuple[list[torch.Tensor], int]:
        return _codes(peer, sound), sound.size

    return speeds(encode, lambda made: _sound(peer, *made), held_out, seconds, repeats)


def _published_speeds(cell: Cell, held_out: list[Sound]) -> Speeds:
    peer = build(cell.model, peer_setting(cell.model, "own", 0.0), cell.seed).eval()
    bake_weight_norm(peer)
    return _speeds(peer, held_out, PUBLISHED_SPEED_S, PUBLISHED_SPEED_REPEATS)


def _better(peer: Peer, averaged: dict[str, torch.Tensor], sounds: list[Sound], plan: Plan) -> tuple[str, float]:
    """Keep the better of the peer's last and averaged weights, by the training's own held-out set."""

    def judged() -> float:
        return float(np.mean([mel_distance(sound, round_trip(peer, sound, plan)) for sound in sounds]))

    last_mel = judged()
    last = use_parameters(peer, averaged)
    averaged_mel = judged()
    if averaged_mel <= last_mel:
        return "averaged", averaged_mel
    use_parameters(peer, last)
    return "last", last_mel


def round_trip(peer: Peer, sound: Sound, plan: Plan) -> Sound:
    """Encode and decode with the peer at the reference loudness; returns the decode at the source's level."""
    gain = np.float32(10 ** (clip_gain_db(sound, plan.codec) / 20))
    decoded = _sound(peer, _codes(peer, sound * gain), sound.size) / gain
    return decoded * np.float32(level_gain(sound, decoded))


@torch.no_grad()
def _codes(peer: Peer, sound: Sound) -> list[torch.Tensor]:
    return peer.encode(torch.from_numpy(np.ascontiguousarray(sound))[None])


@torch.no_grad()
def _sound(peer: Peer, codes: list[torch.Tensor], samples: int) -> Sound:
    torch.manual_seed(0)  # SNAC and RAVE decode with noise
    return peer.decode(codes, samples)[0].numpy()


def _kbps(peer: Peer, held_out: list[Sound]) -> float:
    """Bitrate on one long clip, so that padding does not matter."""
    sound = np.resize(np.concatenate(held_out), int(PEER_SPEED_S) * SAMPLE_RATE_HZ)
    return code_kbps(_codes(peer, sound), peer.codebook_size, sound.size)


def _run_opus(cell: Cell, held_out: list[Sound], plan: Plan) -> Outcome:
    wanted = plan.codec.kbps if cell.variant == "matched" else RECOMMENDED_OPUS_KBPS
    pairs: list[tuple[Sound, Sound]] = []
    spent, heard_s = 0, 0.0
    for sound in held_out:
        gain = np.float32(10 ** (clip_gain_db(sound, plan.codec) / 20))
        decoded, size = opus(sound * gain, wanted)
        decoded = decoded / gain
        pairs.append((sound, decoded * np.float32(level_gain(sound, decoded))))
        spent, heard_s = spent + size, heard_s + sound.size / SAMPLE_RATE_HZ
    return Outcome(
        figures=figures(pairs, spent * 8 / heard_s / 1000, is_heard=cell.is_heard), note=f"requested {wanted:.2f} kbps"
    )


def _run_nearest(cell: Cell, training: list[Clip], held_out: list[Sound], plan: Plan) -> Outcome:
    collage = NearestFrame([clip.mono() * np.float32(10 ** (clip.gain_db / 20)) for clip in training])
    pairs: list[tuple[Sound, Sound]] = []
    for sound in held_out:
        gain = np.float32(10 ** (clip_gain_db(sound, plan.codec) / 20))
        made = collage.collage(sound * gain) / gain
        pairs.append((sound, made * np.float32(level_gain(sound, made))))
    return Outcome(figures=figures(pairs, collage.kbps, is_heard=cell.is_heard))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A short training on real recordings: what its levels are worth, on recordings that it did not learn from."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from daemon.codec.codec import Codec
from daemon.codec.model import CodecModel
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance
from daemon.runs.folder import read_log, read_run
from daemon.runs.reports import EvaluationReport
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train
from daemon.training.evaluation import round_trip


@pytest.fixture(scope="module")
def demo_run(demo_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-five steps on the demo recordings: 4 levels × 64 codes."""
    run = tmp_path_factory.mktemp("models") / "demo"
    train(TrainingSpec(steps=25, preset="tiny", levels=4, codebook=64), demo_corpus, run)
    return run


@pytest.fixture(scope="module")
def held_out(demo_run: Path, demo_corpus: Path) -> list[np.ndarray]:
    """The recordings that `demo_run` did not learn from."""
    run = read_run(demo_run)
    assert run is not None
    return [clip.mono() for clip in open_parts(load_corpus(demo_corpus), run.plan.split.held_out, run.plan.codec)]


def test_real_recordings_beat_an_untrained_codec(demo_run: Path, held_out: list[np.ndarray]) -> None:
    """Held-out error falls by a third, each level helps."""
    run = read_run(demo_run)
    assert run is not None
    torch.manual_seed(0)
    untrained = Codec(CodecModel(run.plan.codec))
    before = np.mean([mel_distance(sound, round_trip(untrained, sound)) for sound in held_out])
    last = [r for r in read_log(demo_run) if isinstance(r, EvaluationReport)][-1]
    assert last.mel < 0.67 * before
    left_over = [level.commitment for level in last.levels]
    assert left_over == sorted(left_over, reverse=True)


def test_fewer_levels_are_less_of_the_same_sound(demo_run: Path, held_out: list[np.ndarray]) -> None:
    """From the coarsest on, every level brings recordings nearer; any range is sound without clicks or bursts."""
    codec = Codec.load(demo_run)
    made = [codec.encode(sound) for sound in held_out]

    def heard(levels: list[int]) -> list[np.ndarray]:
        return [codec.decode(m.codes, levels=levels, samples=m.samples, gain_db=m.gain_db) for m in made]

    def mel(sounds: list[np.ndarray]) -> float:
        return float(np.mean([mel_distance(a, b) for a, b in zip(held_out, sounds, strict=True)]))

    prefixes = [mel(heard(list(range(top)))) for top in range(5)]
    for fewer, more in itertools.pairwise(prefixes):
        assert more < 1.02 * fewer, prefixes
    assert prefixes[4] < 0.95 * prefixes[1] < 0.95 * 0.6 * prefixes[0], prefixes
    steepest = max(np.abs(np.diff(sound)).max() for sound in held_out)
    loudest = max(np.abs(sound).max() for sound in held_out)
    for levels in ([], [2], [1, 2], [1, 2, 3], [0, 2], [3]):
        sounds = heard(levels)
        assert all(np.isfinite(sound).all() for sound in sounds)
        assert max(np.abs(sound).max() for sound in sounds) < 4 * loudest, levels
        assert max(np.abs(np.diff(sound)).max() for sound in sounds) < 4 * steepest, levels
        assert bool(levels) <= all(np.square(sound).mean() > 0 for sound in sounds)
    quiet = max(np.square(sound).mean() for sound in heard([]))
    assert 10 * np.log10(quiet) < 10 * np.log10(np.mean([np.square(sound).mean() for sound in held_out])) - 20

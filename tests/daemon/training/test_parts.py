"""The parts of a training that can be judged without one."""

import dataclasses
import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Clip, Part, open_parts
from daemon.corpus.errors import CorpusError
from daemon.corpus.records import Corpus, FileRecord, load_corpus
from daemon.runs.checkpoint import Checkpoint, Progress, load_newest, save_checkpoint
from daemon.runs.clock import RunClock
from daemon.runs.enough import require_enough
from daemon.runs.errors import TrainingError
from daemon.runs.learner import Patience
from daemon.runs.patience import end_early, note_error
from daemon.runs.spec import Recipe, Split, TrainingSpec
from daemon.training.blocks import Audibility, Span
from daemon.training.crops import CropSampler
from daemon.training.fingerprints import HOP
from daemon.training.health import level_report
from daemon.training.schedule import learning_rate
from daemon.training.sizing import make_plan
from daemon.training.split import choose, held_out_words
from daemon.training.tensors import pack, unpack


def corpus_of(seconds: list[float]) -> Corpus:
    files = [
        FileRecord(source=f"/{i}.wav", sha256=f"{i:03d}", samples=int(s * 48_000), duration_s=s, audio="x")
        for i, s in enumerate(seconds)
    ]
    return Corpus(Path("/nowhere"), files)


class Strangers:
    """No recording is a copy of another."""

    def copies(self, index: int, span: Span) -> list[tuple[int, Span]]:
        return []

    def group(self, index: int, most: int) -> set[int]:
        return {index}


def split_corpus(corpus: Corpus, seed: int) -> Split:
    """The split of recordings that are sound from end to end, none a copy of another."""
    require_enough(corpus)
    heard = [Audibility(np.ones(-(-one.samples // HOP), np.bool_), HOP, one.samples) for one in corpus.usable]
    return choose(corpus.usable, heard, Strangers(), seed)


@given(st.lists(st.floats(0.05, 60.0) | st.floats(0.05, 1.1), min_size=1, max_size=40), st.integers(0, 5))
@example([1.85], 0)
@example([1.999], 0)
@example([2.0], 0)
@example([1.0, 1.0], 0)
@example([0.99, 1.01], 0)
@example([1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 1)  # the long one is drawn first, and no other fits
def test_held_out_never_touches_training(seconds: list[float], seed: int) -> None:
    corpus = corpus_of(seconds)
    samples = sum(record.samples for record in corpus.files)
    try:
        split = split_corpus(corpus, seed)
    except TrainingError as error:
        assert samples < 2 * 48_000 and "at least 2 s" in error.hint
        return
    assert samples >= 2 * 48_000
    assert sum(part.stop - part.start for part in split.train) >= 48_000
    assert split == split_corpus(corpus, seed)
    assert split.held_out and split.train
    for held in split.held_out:
        for part in split.train:
            if held.sha256 != part.sha256:
                continue
            assert split.kind == "in-recording"
            assert part.stop <= held.start or held.stop <= part.start
    if len(seconds) >= 10:
        assert split.kind == "by file" and len(split.held_out) >= 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ([3.0] * 12, "2 whole recordings are held out for evaluation; 10 for training"),
        ([8.0, 9.0], "a piece of each of 2 recordings is held out for evaluation, because there are few"),
        ([8.0], "a piece of one recording is held out"),
        ([0.7, 0.8, 0.9], "a whole recording is held out for evaluation, because all are short; 2 for training"),
    ],
)
def test_what_is_held_out_is_said_in_plain_words(seconds: list[float], said: str) -> None:
    assert held_out_words(split_corpus(corpus_of(seconds), 0)).startswith(said)


def test_too_little_is_never_rounded_up_to_enough() -> None:
    with pytest.raises(TrainingError, match=r"1\.99 s.*too little"):
        split_corpus(corpus_of([1.9999]), 0)


def test_short_files_with_a_few_neighbours_hold_out_a_file() -> None:
    split = split_corpus(corpus_of([0.6, 0.7, 0.8]), 0)
    assert len(split.held_out) == 1 and len(split.train) == 2


def plan_words(frames: int, **wish: object) -> tuple[CodecConfig, str]:
    split = Split(kind="by file", train=[Part(sha256="a", start=0, stop=frames * 1024)], held_out=[])
    plan, words = make_plan(TrainingSpec(**wish), split, is_gpu=False)
    return plan.codec, "; ".join(words)


def test_sizes_follow_the_training_frames_and_can_be_overridden() -> None:
    sizes = [plan_words(frames)[0].codebook_size for frames in (300, 1000, 3000, 20_000, 300_000)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] and sizes[2] == 128
    config, words = plan_words(3000)
    assert config.levels == 10 and "10 levels × 128 codes, because 3000 training frames" in words
    config, words = plan_words(3000, levels=5, codebook=1024)
    assert (config.levels, config.codebook_size) == (5, 1024)
    assert "as requested" in words and "128 would fit" in words
    with pytest.raises(TrainingError):
        plan_words(3000, codebook=1)


def test_health_is_a_word_with_advice() -> None:
    assert level_report(np.full(64, 9), 0.1).health == "healthy"
    thin = level_report(np.array([9] * 32 + [0] * 32), 0.1)
    assert thin.health == "thin" and thin.dead_codes == 32 and "--codebook 32" in thin.advice
    dying = level_report(np.array([900, 100] + [0] * 62), 0.1)
    assert dying.health == "collapsing" and dying.perplexity < 2 and dying.advice


def test_a_budget_ends_early_when_the_held_out_error_stays_and_steps_never_do() -> None:
    now = 0.0
    patience, progress = Patience(evaluations=3, least_gain=0.003), Progress()
    clock = RunClock(TrainingSpec(budget_s=1000), 0.0, 1.0, now=lambda: now)
    said: list[str] = []
    for mel in (0.9, 0.5, 0.4995, 0.51, 0.499):
        now += 50.0
        note_error(mel, progress, patience)
        said.append(end_early(progress, patience, clock))
    assert said[:4] == [""] * 4 and "ended 12 min early" in said[4] and "3 evaluations" in said[4]
    assert progress.ends_at_s == pytest.approx(250 * 1.15) and progress.ended_early == said[4]
    assert clock.share(0) > 0.85  # what is left is the end phase, in which the learning rate falls
    now = 290.0
    assert clock.share(0) == 1.0
    assert end_early(progress, patience, clock) == ""
    patient = Progress(stalled=9)
    assert end_early(patient, patience, RunClock(TrainingSpec(steps=1000), 0.0, 1.0)) == ""
    almost = RunClock(TrainingSpec(budget_s=1000), 900.0, 1.0, now=lambda: 0.0)
    assert end_early(Progress(stalled=9), patience, almost) == ""
    plenty = RunClock(TrainingSpec(budget_s=1000), 100.0, 1.0, now=lambda: 0.0)
    assert end_early(Progress(stalled=9), dataclasses.replace(patience, may_end=False), plenty) == ""
    assert end_early(Progress(stalled=9), patience, plenty)


def test_gain_keeps_a_run_going() -> None:
    patience, progress = Patience(evaluations=3, least_gain=0.003), Progress()
    for mel in (0.9, 0.91, 0.92, 0.85, 0.86, 0.87):
        note_error(mel, progress, patience)
    assert progress.stalled == 2 and progress.level_error == 0.85


def test_learning_rate_warms_up_then_falls() -> None:
    recipe = Recipe(warmup_steps=10)
    assert learning_rate(recipe, 0, 0.0) == pytest.approx(recipe.learning_rate / 10)
    assert learning_rate(recipe, 50, 0.01) == pytest.approx(recipe.learning_rate, rel=0.01)
    assert learning_rate(recipe, 99, 1.0) == pytest.approx(recipe.learning_rate * recipe.final_rate)


PLAIN = Recipe(
    eq_probability=0, speed_probability=0, pitch_probability=0, time_probability=0, mix_probability=0,
    invented_probability=0, noise_probability=0, gain_probability=0, flip=False,
)  # fmt: skip


def clip(samples: int, name: str = "a") -> Clip:
    ramp = np.linspace(0.1, 0.9, samples, dtype=np.float32)[None]
    return Clip(audio=ramp, start=0, stop=samples, gain_db=0.0, name=name)


def test_crops_depend_on_seed_and_step_alone() -> None:
    clips = [clip(100_000), clip(5_000, "b")]
    sampler = CropSampler(clips, Recipe(), 1024, seed=1)
    first = sampler.batch(7)
    sampler.batch(8)
    assert np.array_equal(sampler.batch(7), first)
    assert not np.array_equal(sampler.batch(8), first)
    assert not np.array_equal(CropSampler(clips, Recipe(), 1024, seed=2).batch(7), first)
    assert first.shape == (Recipe().batch, Recipe().crop_frames * 1024) and np.isfinite(first).all()


@pytest.mark.parametrize("samples", [1024, 5_000, 32_768, 40_000, 500_000])
def test_every_sample_of_every_file_is_reached(samples: int) -> None:
    recipe = replace(PLAIN, batch=16, crop_frames=8)
    sampler = CropSampler([clip(samples)], recipe, 1024, seed=0)
    values = np.concatenate([sampler.batch(step).ravel() for step in range(60)])
    heard = values[values > 0]
    assert heard.min() < 0.1 + 0.02 and heard.max() > 0.9 - 0.02
    assert np.histogram(heard, 20, (0.1, 0.9))[0].min() > 0


def test_augmentation_keeps_the_level_and_changes_the_colour() -> None:
    random = np.random.default_rng(0)
    noise = random.standard_normal((1, 60_000)).astype(np.float32) * 0.1
    source = Clip(audio=noise, start=0, stop=60_000, gain_db=0.0, name="n")
    recipe = replace(PLAIN, batch=32, crop_frames=8, eq_probability=1.0, speed_probability=1.0)
    crops = CropSampler([source], recipe, 1024, seed=0).batch(0)
    full = [crop for crop in crops if (crop[:512] != 0).any() and (crop[-512:] != 0).any()]
    levels_db = [20 * np.log10(np.sqrt(np.square(crop).mean())) for crop in full]
    assert np.abs(np.array(levels_db) + 20).max() < 2.5
    tilt = [np.square(np.abs(np.fft.rfft(crop)))[:800].sum() / np.square(crop).sum() for crop in full]
    assert max(tilt) / min(tilt) > 4


def test_a_part_is_mono_at_its_place(tone_corpus: Path) -> None:
    corpus = load_corpus(tone_corpus)
    record = corpus.usable[2]
    (opened,) = open_parts(corpus, [Part(sha256=record.sha256, start=100, stop=5000)], CodecConfig())
    assert np.array_equal(opened.mono(10, 20), corpus.audio(record)[0, 110:120])
    with pytest.raises(CorpusError, match="no longer holds"):
        open_parts(corpus, [Part(sha256="gone", start=0, stop=9)], CodecConfig())


def checkpoint(step: int, best: int = -1) -> Checkpoint:
    tensors = {"w": torch.full((3,), float(step))}
    progress = Progress(step=step, best_step=best)
    return Checkpoint(progress=progress, groups=dict.fromkeys(("model", "random"), pack(tensors)))


def test_a_full_disk_names_an_earlier_checkpoint_only_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("daemon.runs.checkpoint.write_bytes", full)
        with pytest.raises(TrainingError) as first:
            save_checkpoint(tmp_path, checkpoint(1))
    assert "disk is full" in str(first.value) and "first" in str(first.value)
    assert "intact" not in str(first.value) and "resume" not in str(first.value)
    save_checkpoint(tmp_path, checkpoint(1))
    monkeypatch.setattr("daemon.runs.checkpoint.write_bytes", full)
    with pytest.raises(TrainingError, match="previous one is intact"):
        save_checkpoint(tmp_path, checkpoint(2))


def test_keeps_the_last_two_and_the_best(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4, 5):
        save_checkpoint(tmp_path, checkpoint(step, best=2))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000002", "step-00000004", "step-00000005"]


@pytest.mark.parametrize("name", ["model.safetensors", "state.json", "manifest.json", "random.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "short", "flipped"])
def test_newest_whole_checkpoint_wins(tmp_path: Path, name: str, damage: str) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    save_checkpoint(tmp_path, checkpoint(2))
    file = tmp_path / "step-00000002" / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        flipped = content[:-3] + bytes([content[-3] ^ 0x55]) + content[-2:]
        file.write_bytes(content[: len(content) // 2] if damage == "short" else flipped)
    (tmp_path / ".part-00000003").mkdir()
    found = load_newest(tmp_path)
    assert found is not None and found.progress.step == 1
    assert unpack(found.groups["model"])["w"].tolist() == [1.0, 1.0, 1.0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000001"]
    assert found.progress.best_error is None


def test_a_checkpoint_of_another_version_is_named_and_kept(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    manifest = tmp_path / "step-00000001" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"version":2', b'"version":1'))
    with pytest.raises(TrainingError, match="another version of Allele"):
        load_newest(tmp_path)
    assert manifest.exists()


def test_a_checkpoint_that_cannot_be_read_just_now_is_not_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No descriptor, no permission, a disk that stumbles: the cause may pass, so nothing is removed for it."""
    save_checkpoint(tmp_path, checkpoint(1))
    real = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.suffix == ".safetensors":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(TrainingError, match=r"step-00000001.*Too many open files.*ulimit -n"):
            load_newest(tmp_path)
    found = load_newest(tmp_path)
    assert found is not None and found.progress.step == 1

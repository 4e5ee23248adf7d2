"""A step on several cores: the whole batch's gradients, codes and codebooks, repeatable, and whole when it fails."""

import copy
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel, Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.runs.spec import Recipe, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.losses import losses, scales_of
from daemon.training.shards import ShardedPass, one_thread, shards_for
from daemon.training.sizing import STEREO, make_plan
from daemon.training.split import split_corpus

CPU = torch.device("cpu")
MONO = CodecConfig(width=32, latent=24, low_bands=3, envelope_points=4, blocks=1, levels=2, codebook_size=16)


@pytest.fixture
def two_threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def learner_of(corpus_dir: Path, batch: int = 6) -> CodecSteps:
    corpus = load_corpus(corpus_dir)
    split = split_corpus(corpus, 5)
    plan, _ = make_plan(TrainingSpec(steps=20, preset="toy", seed=5), split, is_gpu=False)
    plan = replace(plan, recipe=replace(plan.recipe, batch=batch))
    return CodecSteps(plan, open_parts(corpus, split.train, plan.codec), 5, CPU)


def run_of(learner: CodecSteps) -> tuple[list[float], dict[str, torch.Tensor]]:
    return [learner.step(step / 12).terms["mel"] for step in range(12)], learner.model.state_dict()


def gradients(model: CodecModel) -> dict[str, torch.Tensor]:
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("shards", [2, 3, 5])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("is_quantizing", [False, True])
def test_gradients_are_those_of_the_whole_batch(shards: int, channels: int, is_quantizing: bool) -> None:
    """But spectral convergence, which is of each shard's own norms and is left out here. Five crops: uneven shards."""
    torch.manual_seed(3)
    recipe = Recipe(stft_weight=0.0)
    model = CodecModel(STEREO["toy"] if channels == 2 else MONO)
    audio = 0.1 * torch.randn(5, 8 * 1024) if channels == 1 else 0.1 * torch.randn(5, 2, 8 * 1024)
    kept = torch.tensor([1, 2, 2, 1, 2]) if is_quantizing else None
    with torch.no_grad():
        latents = model.encode(audio).flatten(0, 1)
        model.quantizer.fit(latents, torch.Generator().manual_seed(1), 40.0, model.level_parts())
    whole = copy.deepcopy(model)
    latent = whole.encode(audio)
    made = whole(audio, kept) if is_quantizing else Reconstruction(whole.decode(latent), unquantized(latent))
    wanted = losses(audio, made, recipe, 48_000, scales_of(0))
    wanted["total"].backward()

    got = ShardedPass(model, recipe).backward(audio, scales_of(0), shards, is_quantizing=is_quantizing, kept=kept)

    for name in set(wanted) - {"stft"}:
        assert float(got[name]) == pytest.approx(float(wanted[name].detach()), rel=1e-4, abs=1e-6), name
    mine, whole_ones = gradients(model), gradients(whole)
    assert {name for name in mine if "quantizer" not in name} == {n for n in whole_ones if "quantizer" not in n}
    for name, gradient in whole_ones.items():  # under 1e-8 is rounding, which differs between processors
        assert torch.allclose(mine[name], gradient, rtol=2e-3, atol=1e-3 * float(gradient.norm()) + 1e-8), name
    for level in range(len(model.quantizer.levels)):  # codebooks followed all vectors, not a shard's
        assert torch.allclose(model.quantizer.book(level).embed, whole.quantizer.book(level).embed, atol=1e-4)


@pytest.mark.usefixtures("two_threads")
def test_two_shards_repeat_a_run_and_learn_what_one_does(tone_corpus: Path) -> None:
    first, states = run_of(learner_of(tone_corpus))
    second, again = run_of(learner_of(tone_corpus))
    assert first == second
    assert all(torch.equal(states[name], again[name]) for name in states)
    torch.set_num_threads(1)
    alone, _ = run_of(learner_of(tone_corpus))
    assert first != alone and first == pytest.approx(alone, rel=0.1)


@pytest.mark.usefixtures("two_threads")
def test_a_shard_that_fails_ends_the_step_when_all_have_ended(
    tone_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that runs out on one thread is the step's error; no thread is left at work on weights that then change."""
    learner = learner_of(tone_corpus)
    learner.step(0.2)
    whole, at_work = type(learner.model).decode, threading.Semaphore(0)

    def failing(model: CodecModel, latent: torch.Tensor) -> torch.Tensor:
        if threading.current_thread() is threading.main_thread():
            raise MemoryError("out of memory")
        audio = whole(model, latent)
        at_work.release()
        return audio

    with monkeypatch.context() as patched:
        patched.setattr(type(learner.model), "decode", failing)
        with pytest.raises(MemoryError):
            learner.step(0.3)
        assert at_work.acquire(blocking=False)  # had ended before the error came out
    assert torch.get_num_threads() == 2
    assert not learner.step(0.3).is_skipped


def test_shards_are_as_many_as_threads_but_not_tiny() -> None:
    with one_thread(CPU):
        for threads, batch, wanted in [(1, 12, 1), (2, 12, 2), (8, 12, 4), (4, 4, 1), (2, 6, 2), (2, 1, 1)]:
            torch.set_num_threads(threads)
            assert shards_for(batch, CPU) == wanted, (threads, batch)
            assert shards_for(batch, torch.device("cuda")) == 1
    assert torch.get_num_threads() == 1

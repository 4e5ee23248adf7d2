"""A training that goes wrong says so and repairs itself: numbers, codebooks, memory, memorisation."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, open_parts
from daemon.corpus.records import load_corpus
from daemon.runs.errors import TrainingError, TrainingMemoryError, is_out_of_memory
from daemon.runs.folder import read_log, read_run
from daemon.runs.reports import EvaluationReport, HeldOut, LogLine, Report, StepReport
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train
from daemon.training.codec_steps import CodecSteps
from daemon.training.crops import CropSampler
from daemon.training.evaluation import Evaluation, evaluate
from daemon.training.memorisation import Memorisation, memorisation
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus
from daemon.workers.failures import describe_failure
from tui.cli.model import leaning_words


def toy(steps: int) -> TrainingSpec:
    return TrainingSpec(steps=steps, preset="toy", seed=5)


def learner_of(corpus_dir: Path) -> CodecSteps:
    corpus = load_corpus(corpus_dir)
    split = split_corpus(corpus, 5)
    plan, _ = make_plan(toy(20), split, is_gpu=False)
    return CodecSteps(plan, open_parts(corpus, split.train, plan.codec), 5, torch.device("cpu"))


def texts(run: Path) -> list[str]:
    return [report.text for report in read_log(run) if isinstance(report, LogLine)]


def is_finite(learner: CodecSteps) -> bool:
    states = (*learner.model.state_dict().values(), *learner.averaged.model.state_dict().values())
    return all(bool(torch.isfinite(tensor).all()) for tensor in states)


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e30])
def test_a_poisoned_batch_leaves_nothing_behind(
    tone_corpus: Path, monkeypatch: pytest.MonkeyPatch, poison: float
) -> None:
    """NaN, infinity and a level that overflows, in the audio itself: weights, codebooks and averages stay numbers."""
    clean = CropSampler.batch

    def poisoned(sampler: CropSampler, step: int) -> np.ndarray:
        batch = clean(sampler, step)
        if step == 4:
            batch[1, 500:900] = poison
        return batch

    monkeypatch.setattr(CropSampler, "batch", poisoned)
    learner = learner_of(tone_corpus)
    for step in range(4):
        learner.step(0.2 + step / 100)
    before = {name: tensor.clone() for name, tensor in learner.model.quantizer.state_dict().items()}
    outcome = learner.step(0.3)
    assert outcome.is_skipped and learner.progress.skipped_in_a_row == 1
    after = learner.model.quantizer.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert is_finite(learner)
    assert not learner.step(0.3).is_skipped
    assert learner.progress.skipped_in_a_row == 0 and is_finite(learner)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("shape '[3]' is invalid for input of size 4"), False),
    ],
)
def test_every_way_of_saying_that_memory_ran_out_is_understood(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory


def test_huge_gradients_are_skipped_and_said(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = torch.Tensor.backward, 0

    def huge(tensor: torch.Tensor) -> None:
        nonlocal calls
        calls += 1
        real(tensor * 1e35 if calls == 3 else tensor)

    monkeypatch.setattr(torch.Tensor, "backward", huge)
    result = train(toy(6), tone_corpus, tmp_path / "run")
    reports = read_log(tmp_path / "run")
    assert [r.step for r in reports if isinstance(r, StepReport) and r.is_skipped] == [3]
    assert sum("step skipped" in text for text in texts(tmp_path / "run")) == 1
    assert result.held_out is not None and np.isfinite(result.held_out.mel)


def test_a_collapsed_level_is_filled_again_and_named(tone_corpus: Path, tmp_path: Path) -> None:
    """All codes of a level but one are sent where no vector is: the log says so, and the next evaluation is healthy."""
    learner = learner_of(tone_corpus)
    for step in range(4):
        learner.step(0.2 + step / 100)
    book = learner.model.quantizer.book(1)
    book.embed[0, 1:] = 1e3
    book.embed_avg[0, 1:] = 1e3 * book.cluster_size[0, 1:, None]
    learner.settled()
    assert learner.live_utilisation[1] < 0.1
    [said] = [text for text in learner.repair_codebooks() if text.startswith("level 1")]
    assert "level 1 used 6% of its codes" in said and "moved" in said
    learner.step(0.3)
    learner.settled()
    assert learner.live_utilisation[1] >= 0.5
    assert not any("level 1" in text for text in learner.repair_codebooks())


def test_evaluations_tell_of_every_level_and_of_the_gap(toy_run: Path) -> None:
    reports = [r for r in read_log(toy_run) if isinstance(r, EvaluationReport)]
    last = reports[-1]
    assert last.gap == pytest.approx(last.mel / last.train_mel)
    assert len(last.prefix_mel) == 2 and last.prefix_mel[1] == pytest.approx(last.mel, rel=0.02)
    assert last.prefix_mel[1] < 1.05 * last.prefix_mel[0]  # a toy of so few steps may gain nothing by its second level
    for level in last.levels:
        assert level.entropy_bits == pytest.approx(np.log2(level.perplexity))
        assert level.entropy_bits <= 4.0 and 0.5 <= level.live_utilisation <= 1.0


def test_a_run_ends_with_a_memorisation_report(toy_run: Path) -> None:
    card = json.loads((toy_run / "model.json").read_text())
    report = msgspec.json.decode((toy_run / "memorisation.json").read_bytes(), type=Memorisation)
    assert (card["memorisation"], card["memorisation_ratio"]) == (report.verdict, report.ratio)
    assert report.ratio == pytest.approx(report.held_out_mel / report.train_mel, rel=0.01)
    assert card["train_mel"] == report.train_mel and report.text in texts(toy_run)


def test_memorisation_tells_a_copy_from_a_stranger(toy_run: Path, tone_corpus: Path, toy_codec: Codec) -> None:
    run = read_run(toy_run)
    assert run is not None
    corpus = load_corpus(tone_corpus)
    train_clips = open_parts(corpus, run.plan.split.train, toy_codec.config)
    held = open_parts(corpus, run.plan.split.held_out, toy_codec.config)
    evaluation = evaluate(toy_codec, held, train_clips)
    stranger = memorisation(toy_codec, evaluation, held, train_clips)
    copy = memorisation(toy_codec, evaluation, train_clips[:2], train_clips)
    assert copy.nearest_training < 0.02 < stranger.nearest_training
    words = {}
    for mel in (0.11, 0.16, 0.3):
        figures = Evaluation(held_out=HeldOut(mel=mel, stft=1.0, sisdr_db=0.0), train_mel=0.1, levels=[], prefix_mel=[])
        words[mel] = memorisation(toy_codec, figures, held, train_clips).verdict
    assert words == {0.11: "general", 0.16: "leaning", 0.3: "memorised"}


def test_nothing_is_told_of_what_is_next_to_silent(tone_corpus: Path, toy_run: Path, toy_codec: Codec) -> None:
    run = read_run(toy_run)
    assert run is not None
    known = open_parts(load_corpus(tone_corpus), run.plan.split.train, toy_codec.config)
    hush = Clip(audio=np.zeros((1, 24_000), np.float32), start=0, stop=24_000, gain_db=0.0, name="hush")
    report = memorisation(toy_codec, evaluate(toy_codec, [hush], known), [hush], known)
    assert (report.verdict, report.ratio, report.decoded) == ("unknown", None, None)
    assert "unknown" in report.text and "nan" not in report.text
    assert "unknown" in leaning_words({"verdict": report.verdict, "ratio": report.ratio})


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_without_memory_the_batch_is_halved_once(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A step of four crops finds no memory, one of two does; when even two do not, a typed error says so."""
    most, real = 2, CodecSteps._reconstruct

    def narrow(learner: CodecSteps, audio: torch.Tensor, share: float) -> object:
        if len(audio) > most:
            raise error
        return real(learner, audio, share)

    monkeypatch.setattr(CodecSteps, "_reconstruct", narrow)
    said: list[Report] = []
    result = train(toy(3), tone_corpus, tmp_path / "run", report=said.append)
    assert result.state == "finished" and result.steps == 3
    assert [t for t in texts(tmp_path / "run") if "memory" in t][:1] == [
        "memory ran out in a step of 4 crops: going on with 2"
    ]
    run = read_run(tmp_path / "run")
    assert run is not None and run.plan.recipe.batch == 2
    most = 1
    with pytest.raises(TrainingMemoryError, match=r"Memory ran out in a step of 2 crops.*--preset") as failure:
        train(toy(3), tone_corpus, tmp_path / "none")
    assert describe_failure(failure.value).code == "E_OOM"
    assert isinstance(failure.value, TrainingError)


def test_memory_that_runs_out_between_steps_is_said_and_can_go_on(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr("daemon.training.codec_learner.evaluate", greedy)
        with pytest.raises(TrainingMemoryError, match=r"between two steps.*resume") as failure:
            train(toy(4), tone_corpus, tmp_path / "run")
    assert describe_failure(failure.value).code == "E_OOM"
    run = read_run(tmp_path / "run")
    assert run is not None and (run.state, run.message) == ("failed", "Memory ran out between two steps.")
    resumed = train(replace(toy(5), resume=True), tone_corpus, tmp_path / "run")
    assert (resumed.state, resumed.steps) == ("finished", 5)


def test_the_kept_weights_are_the_best_ones(tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From step 21 on the learning rate is absurd: what is kept is step 20, and the log says so."""
    monkeypatch.setattr(
        "daemon.training.codec_steps.learning_rate", lambda recipe, step, share: 1e-3 if step < 20 else 0.3
    )
    train(toy(24), tone_corpus, tmp_path / "run")
    said = [text for text in texts(tmp_path / "run") if text.startswith("kept step")]
    assert len(said) == 1 and said[0].startswith("kept step 20 (held out: mel ")
    evaluations = [r for r in read_log(tmp_path / "run") if isinstance(r, EvaluationReport)]
    assert evaluations[-1].mel == pytest.approx(evaluations[0].mel)

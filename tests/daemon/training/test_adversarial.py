"""The end of a training against an adversary: codes stay, what harms is undone, a stopped stage goes on."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.codec.model import CodecModel
from daemon.corpus.records import load_corpus
from daemon.runs.checkpoint import load_newest, load_step
from daemon.runs.folder import read_log
from daemon.runs.reports import Control, EvaluationReport, LogLine, Report, StepReport
from daemon.runs.spec import TrainingSpec
from daemon.training import adversary as adversaries
from daemon.training import sizing
from daemon.training.adversary import Adversary, balanced
from daemon.training.codec_run import train
from daemon.training.tensors import unpack

STEPS = 40
BEGINS = 28  # 70 % of them
SPEC = TrainingSpec(steps=STEPS, preset="toy", seed=5, adversarial=True)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def adversarial_run(tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("models") / "adversarial"
    with pytest.MonkeyPatch.context() as patch:  # soon listened to, and kept whatever it does to so small a codec
        recipe = replace(sizing._RECIPES["toy"], adversarial_warmup=4, adversarial_harm=9.0)
        patch.setitem(sizing._RECIPES, "toy", recipe)
        train(SPEC, tone_corpus, run)
    return run


def of_steps(run: Path) -> list[StepReport]:
    return [report for report in read_log(run) if isinstance(report, StepReport)]


def test_the_decoder_alone_moves_and_every_code_stays(adversarial_run: Path, tone_corpus: Path) -> None:
    before = load_step(adversarial_run / "checkpoints", BEGINS)
    assert before is not None, "the checkpoint before the stage is kept"
    codec = Codec.load(adversarial_run)
    after = codec._model.state_dict()
    moved = {
        name.split(".")[0]
        for name, value in unpack(before.groups["averaged"]).items()
        if not torch.equal(value, after[name])
    }
    assert moved == {"decoder"}
    newest = load_newest(adversarial_run / "checkpoints")
    assert newest is not None
    learning, kept = unpack(newest.groups["model"]), unpack(newest.groups["averaged"])
    apart = {name.split(".")[0] for name, value in learning.items() if not torch.equal(value, kept[name])}
    assert apart == {"decoder"}, "what learns hears the codes of what is kept"
    model = CodecModel(codec.config)
    model.load_state_dict(unpack(before.groups["averaged"]))
    earlier = Codec(model)
    corpus = load_corpus(tone_corpus)
    for record in corpus.usable[:3]:
        sound = np.asarray(corpus.audio(record)[0])
        assert (codec.encode(sound).codes == earlier.encode(sound).codes).all()


def test_its_steps_say_how_the_adversary_fares(adversarial_run: Path) -> None:
    told = [step.step for step in of_steps(adversarial_run) if "adversary" in step.losses]
    assert told == list(range(BEGINS + 1, STEPS + 1))
    assert any("adversarial stage" in line.text for line in read_log(adversarial_run) if isinstance(line, LogLine))
    rates = [step.learning_rate for step in of_steps(adversarial_run)]
    assert rates[BEGINS - 1] < 0.2 * max(rates), "the first part has come to its end before the stage begins"


def test_a_stage_that_was_stopped_goes_on_as_if_it_had_not_been(
    adversarial_run: Path, tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(sizing._RECIPES["toy"], adversarial_warmup=4, adversarial_harm=9.0)
    monkeypatch.setitem(sizing._RECIPES, "toy", recipe)
    seen: list[int] = []

    def note(report: Report) -> None:
        if isinstance(report, StepReport):
            seen.append(report.step)

    stopped = train(
        SPEC,
        tone_corpus,
        tmp_path / "again",
        report=note,
        control=lambda: Control.STOP if seen and seen[-1] == BEGINS + 7 else Control.GO,
    )
    assert (stopped.state, stopped.steps) == ("stopped", BEGINS + 7)
    kept = load_newest(tmp_path / "again" / "checkpoints")
    assert kept is not None and kept.groups["adversary"] and kept.progress.stage_from == BEGINS
    train(replace(SPEC, resume=True), tone_corpus, tmp_path / "again")
    for wanted, got in zip(of_steps(adversarial_run), of_steps(tmp_path / "again"), strict=True):
        assert got.losses == pytest.approx(wanted.losses, rel=1e-3, abs=1e-4), wanted.step


def test_a_stage_that_harms_is_dropped(tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(
        sizing._RECIPES["toy"],
        adversarial_warmup=0,
        adversarial_weight=50.0,
        adversarial_rate=0.1,
        adversarial_harm=0.0,
    )
    monkeypatch.setitem(sizing._RECIPES, "toy", recipe)
    run, reports = tmp_path / "harmed", list[Report]()
    # long enough for one evaluation within the stage
    train(replace(SPEC, steps=90), tone_corpus, run, report=reports.append)
    card = json.loads((run / "model.json").read_bytes())
    assert "adversarial stage raised the held-out error" in card["ended"]
    assert card["steps"] < 90
    errors = [report.mel for report in reports if isinstance(report, EvaluationReport)]
    assert errors[-1] == pytest.approx(min(errors), rel=0.02) and max(errors) > errors[-1]
    newest = load_newest(run / "checkpoints")
    assert newest is not None and newest.progress.best_step <= 63, "the stage made nothing better"
    before = load_step(run / "checkpoints", newest.progress.best_step)
    assert before is not None
    codec = Codec.load(run)._model.state_dict()
    assert all(torch.equal(value, codec[name]) for name, value in unpack(before.groups["averaged"]).items())


@pytest.fixture
def heard() -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of tones and of noise as loud."""
    random = torch.Generator().manual_seed(0)

    def pair() -> tuple[torch.Tensor, torch.Tensor]:
        hz = 100 + 900 * torch.rand(2, 1, generator=random)
        tones = 0.3 * torch.sin(2 * torch.pi * hz * torch.arange(16_384) / 48_000)
        return tones, 0.2 * torch.randn(2, 16_384, generator=random)

    return pair


def test_an_adversary_learns_to_tell(heard: Callable[[], tuple[torch.Tensor, torch.Tensor]]) -> None:
    judge = Adversary(1e-3, 0, CPU)
    hinges = [judge.learn(*heard()) for _ in range(40)]
    assert hinges[0] == pytest.approx(2.0, abs=0.2), "it begins by guessing"
    assert hinges[-1] < 1.0
    tones, noise = heard()
    fooled_by_tones, _ = judge.judge(noise, tones)
    fooled_by_noise, far = judge.judge(tones, noise)
    _, near = judge.judge(tones, tones)
    assert fooled_by_tones < fooled_by_noise, "what passes for a recording costs less"
    assert near == 0 < far


def test_an_adversary_that_has_won_waits(
    heard: Callable[[], tuple[torch.Tensor, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Adversary(1e-3, 0, CPU)
    judge.learn(*heard())
    monkeypatch.setattr(adversaries, "WON", 3.0)
    before = {name: value.clone() for name, value in judge.pack().items()}
    judge.learn(*heard())
    assert all(torch.equal(value, before[name]) for name, value in judge.pack().items())
    monkeypatch.setattr(adversaries, "WON", 0.0)
    judge.learn(*heard())
    assert not all(torch.equal(value, before[name]) for name, value in judge.pack().items())


def test_other_gradients_are_shares_of_the_leading_one() -> None:
    leading, other = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 1e6])
    assert balanced(leading, (0.1, other)).tolist() == pytest.approx([3.0, 4.5])
    assert balanced(leading, (0.1, 1e-9 * other)).tolist() == pytest.approx([3.0, 4.5])
    assert balanced(leading, (0.1, torch.zeros(2))).tolist() == [3.0, 4.0]

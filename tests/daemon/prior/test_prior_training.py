"""A prior's training: it learns, survives a stop, is repeatable, and leaves what the engines need."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.codec.codec import Codec
from daemon.prior.card import read_card
from daemon.prior.plan import set_aside
from daemon.prior.prior import Prior
from daemon.prior.run import train_prior
from daemon.prior.sampling import sample
from daemon.runs.errors import TrainingError
from daemon.runs.folder import read_log
from daemon.runs.reports import Control, PriorReport
from daemon.runs.spec import TrainingSpec

STEPS = 40


@pytest.fixture(scope="module")
def model(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the toy model."""
    return Path(shutil.copytree(toy_run, tmp_path_factory.mktemp("models") / "toy"))


@pytest.fixture(scope="module")
def trained(model: Path, tone_corpus: Path) -> Path:
    """The toy model with a prior that was stopped halfway and resumed."""
    steps = 0

    def control() -> Control:
        return Control.STOP if steps >= STEPS // 2 else Control.GO

    def report(message: object) -> None:
        nonlocal steps
        steps = getattr(message, "step", steps)

    spec = TrainingSpec(steps=STEPS, seed=3)
    assert train_prior(spec, tone_corpus, model, report=report, control=control).state == "stopped"
    assert read_card(model) is None
    steps = 0
    assert train_prior(spec, tone_corpus, model, report=report).state == "finished"
    return model


def test_a_prior_learns_more_than_how_often_codes_are_used(trained: Path) -> None:
    card = read_card(trained)
    assert card is not None and card.held_out_bits_per_frame is not None
    assert card.held_out_bits_per_frame < 0.9 * card.unigram_bits_per_frame
    reports = [report for report in read_log(trained / "prior") if isinstance(report, PriorReport)]
    assert reports and reports[-1].preview and (trained / "prior" / reports[-1].preview).exists()
    assert [report.step for report in reports] == sorted(report.step for report in reports)


def test_a_resumed_training_gives_the_prior_of_an_unbroken_one(
    trained: Path, toy_run: Path, tone_corpus: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(toy_run, tmp_path / "toy"))
    train_prior(TrainingSpec(steps=STEPS, seed=3), tone_corpus, other)
    codec = Codec.load(toy_run)
    grids = [sample(Prior.load(folder / "prior", codec), 20, [1])[0] for folder in (trained, other)]
    assert np.array_equal(*grids)


def test_a_finished_prior_is_not_trained_again(trained: Path, tone_corpus: Path) -> None:
    with pytest.raises(TrainingError, match="has a prior already"):
        train_prior(TrainingSpec(steps=STEPS), tone_corpus, trained)


def test_surprise_is_highest_where_codes_are_wrong(trained: Path, toy_codec: Codec) -> None:
    prior = Prior.load(trained / "prior", toy_codec)
    codes = sample(prior, 60, [4])[0]
    wrong = codes.copy()
    random = np.random.default_rng(0)
    places = random.choice(60, 8, replace=False)
    wrong[0, places] = (wrong[0, places] + random.integers(1, 16, 8)) % 16
    surprise = prior.surprise(wrong)[0]
    rest = np.setdiff1d(np.arange(60), places)
    assert np.mean(surprise[places][:, None] > surprise[rest]) > 0.75


def test_recordings_are_set_aside_only_where_there_are_many() -> None:
    assert set_aside([100] * 5) == []
    chosen = set_aside([100] * 20)
    assert len(chosen) == 3
    assert set_aside([10_000, *[10] * 19]) != [0]

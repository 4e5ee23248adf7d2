"""A training, with its resumption and its atlas, on more recordings than the system allows open files."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.atlas.model import measure_model
from daemon.corpus.ingest import ingest
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train

RECORDINGS, ROOM = 40, 16


@pytest.fixture
def many(tmp_path: Path, make_tone: Callable[..., np.ndarray]) -> Path:
    (tmp_path / "in").mkdir()
    for index in range(RECORDINGS):
        soundfile.write(tmp_path / "in" / f"{index}.wav", make_tone(0.12, 110 * 2 ** (index / 9), index), 48_000)
    return tmp_path


@pytest.fixture
def few_files() -> Iterator[None]:
    """Room for a few more descriptors than there are now."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_more_recordings_than_open_files_are_ingested_learned_and_measured(many: Path) -> None:
    report = ingest([many / "in"], many / "corpus")
    assert report.total_files == RECORDINGS and not report.errors
    result = train(TrainingSpec(steps=3, preset="toy"), many / "corpus", many / "run")
    assert (result.state, result.steps) == ("finished", 3)
    assert measure_model(many / "run", many / "corpus") is not None

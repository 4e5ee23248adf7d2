"""The catalogue is an index: delete it and everything but the history of jobs comes back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.jobs.specs import AtlasSpec, IngestSpec, JobSpec, TrainSpec
from daemon.runs.spec import TrainingSpec
from daemon.store.catalogue import Catalogue
from daemon.store.folders import unfinished_runs
from daemon.store.trash import move_to_trash
from protocol.places import Places


@pytest.fixture
def places(tmp_path: Path, raw_model: Path, tone_corpus: Path) -> Places:
    home = Places(home=tmp_path, run=tmp_path / "run")
    shutil.copytree(raw_model, home.models / "raw")
    shutil.copytree(tone_corpus, home.corpora / "tones")
    return home


@pytest.fixture
def catalogue(places: Places) -> Iterator[Catalogue]:
    opened = Catalogue(places)
    yield opened
    opened.close()


def test_folders_are_found_and_found_again_after_the_file_is_deleted(places: Places) -> None:
    first = Catalogue(places)
    corpora, models = first.corpora(), first.models()
    first.add_job(training("raw"), b"c", b"r")
    first.close()
    for path in places.home.glob("catalogue.sqlite*"):
        path.unlink()
    second = Catalogue(places)
    assert (second.corpora(), second.models(), second.jobs()) == (corpora, models, [])
    second.close()
    assert [(info.name, info.files) for info in corpora] == [("tones", 12)]
    assert [(info.name, info.levels, info.prior) for info in models] == [("raw", 2, None)]


def test_a_damaged_file_is_set_aside_and_rebuilt(places: Places) -> None:
    places.catalogue.write_bytes(b"this is not a database at all, though it is long enough to be one" * 100)
    catalogue = Catalogue(places)
    assert [info.name for info in catalogue.models()] == ["raw"]
    catalogue.close()
    assert list(places.home.glob("catalogue.sqlite.damaged-*"))


def test_the_lists_follow_the_folders(places: Places, catalogue: Catalogue) -> None:
    catalogue.models()
    shutil.copytree(places.models / "raw", places.models / "second")
    assert [info.name for info in catalogue.models()] == ["raw", "second"]
    shutil.rmtree(places.models / "raw")
    assert [info.name for info in catalogue.models()] == ["second"]
    trashed = move_to_trash(places.corpora / "tones", places.trash, "corpus")
    assert catalogue.corpora() == []
    assert (trashed / "corpus.json").exists()


def test_a_folder_with_an_unreadable_description_is_left_out(places: Places, catalogue: Catalogue) -> None:
    (places.models / "raw" / "model.json").write_text("{")
    (places.corpora / "tones" / "corpus.json").write_bytes(b"\xff\xfe")
    assert catalogue.models() == []
    assert catalogue.corpora() == []


def test_a_repeated_request_makes_one_job(catalogue: Catalogue) -> None:
    first = catalogue.add_job(training("raw"), b"c", b"r")
    assert (first.kind, first.subject) == ("train", "raw")
    assert catalogue.add_job(training("other"), b"c", b"r") == first
    assert catalogue.add_job(training("raw"), b"c", b"another").id != first.id
    assert [info.id for info in catalogue.jobs()] == ["j2", "j1"]
    assert catalogue.spec_of("j1") == training("raw")
    assert catalogue.spec_of("nonsense") is None


@pytest.mark.parametrize(
    "spec",
    [
        IngestSpec(corpus_dir="/h/corpora/rain", paths=["/a.wav"]),
        TrainSpec(corpus_dir="/h/corpora/rain", run_dir="/h/models/m", training=TrainingSpec(steps=3, channels=2)),
        AtlasSpec(model_dir="/h/models/m", corpus_dir="/h/corpora/rain"),
    ],
)
def test_a_spec_comes_back_as_what_it_was(catalogue: Catalogue, spec: JobSpec) -> None:
    assert catalogue.spec_of(catalogue.add_job(spec, b"c", b"r").id) == spec


def test_the_spec_of_another_version_is_not_known(catalogue: Catalogue) -> None:
    job = catalogue.add_job(training("raw"), b"c", b"r")
    catalogue._db.execute("""UPDATE jobs SET spec = '{"run_dir": "/m"}'""")
    assert catalogue.spec_of(job.id) is None


def training(model: str) -> TrainSpec:
    """A training of a model."""
    return TrainSpec(corpus_dir="/corpora/tones", run_dir=f"/models/{model}", training=TrainingSpec())


def test_a_paused_job_is_listed_however_many_are_newer(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.store.catalogue.LISTED_JOBS", 2)
    jobs = [catalogue.add_job(training(f"m{number}"), b"c", bytes([number])) for number in range(5)]
    catalogue.save_job(replace(jobs[1], state="paused"))
    catalogue.save_job(replace(jobs[4], state="paused"))
    assert [info.id for info in catalogue.jobs()] == ["j5", "j4", "j2"]


def test_an_unfinished_run_is_one_with_a_run_and_no_model(places: Places) -> None:
    (places.models / "half").mkdir()
    (places.models / "half" / "run.json").write_text("{}")
    (places.models / "empty").mkdir()
    assert unfinished_runs(places.models) == ["half"]

"""The disk fills, for real, on a small tmpfs: what was finished stays, nothing half-written does, and work goes on."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.corpus.errors import CorpusError
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.render.wav import write_wav
from daemon.runs.errors import TrainingError
from daemon.runs.folder import RunLog, read_log
from daemon.runs.reports import LogLine
from daemon.workers.failures import describe_failure

pytestmark = pytest.mark.tmpfs


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True).returncode:
        pytest.skip("tmpfs: a small one cannot be mounted here (root only)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all of the disk but so many bytes."""
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - leave)
    return filler


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part-" in path.name]


def test_an_ingest_keeps_what_it_finished_and_goes_on_when_there_is_space(disk: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(4)]
    for number, path in enumerate(paths):
        noise = np.random.default_rng(number).normal(0, 0.1, 96_000).astype(np.float32)
        soundfile.write(path, noise, 48_000)  # 384 KiB each in the corpus
    corpus = disk / "corpus"
    filler = fill(disk, leave=1_000_000)
    with pytest.raises(CorpusError) as refused:
        ingest(paths, corpus)
    told = describe_failure(refused.value)
    assert told.code == "E_DISK_FULL" and str(corpus) in told.message and "space" in told.hint
    kept = load_corpus(corpus)
    assert 1 <= len(kept.usable) < 4
    assert all(kept.audio(record).shape == (1, record.samples) for record in kept.usable)
    assert left_over(disk) == []
    filler.unlink()
    assert ingest(paths, corpus).total_files == 4
    assert all(load_corpus(corpus).audio(record).any() for record in load_corpus(corpus).usable)


def test_a_sound_that_does_not_fit_is_a_full_disk_and_leaves_no_file(disk: Path) -> None:
    filler = fill(disk, leave=100_000)
    sound = np.zeros(10 * 48_000, np.float32)
    with pytest.raises(OSError, match=r"No space.*out\.wav") as refused:
        write_wav(disk / "out.wav", sound)
    assert refused.value.errno == errno.ENOSPC
    assert describe_failure(refused.value).code == "E_DISK_FULL"
    assert sorted(path.name for path in disk.iterdir()) == ["filler"]
    filler.unlink()
    write_wav(disk / "out.wav", sound)


def test_a_training_whose_log_does_not_fit_says_how_to_resume(disk: Path) -> None:
    """The line that was cut is left out; what was said before can be read, and a resumed run writes on."""
    log = RunLog(disk, None)
    log.add(LogLine(text="begun"))
    filler = fill(disk)
    with pytest.raises(TrainingError, match=r"log\.jsonl: the disk is full.*resume"):
        for number in range(10_000):
            log.add(LogLine(text=f"line {number}", step=1))
    log.close()
    filler.unlink()
    reports = read_log(disk)
    assert isinstance(reports[0], LogLine) and reports[0].text == "begun"
    resumed = RunLog(disk, 0)
    resumed.add(LogLine(text="resumed"))
    resumed.close()
    assert [report.text for report in read_log(disk) if isinstance(report, LogLine)] == ["begun", "resumed"]

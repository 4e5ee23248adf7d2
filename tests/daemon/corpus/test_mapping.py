"""Audio is mapped without a descriptor that stays open, and what only passes is not called damage."""

import errno
import gc
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from daemon.corpus.errors import CorpusError
from daemon.corpus.mapping import map_array
from daemon.corpus.records import Corpus, FileRecord


def saved(path: Path, samples: int = 1000) -> np.ndarray:
    audio = np.asfortranarray(np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32))
    np.save(path, audio)
    return audio


@pytest.fixture
def few_files() -> Iterator[int]:
    """Room for ten more descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 10, before[1]))
    yield used
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_more_recordings_than_descriptors_are_mapped(tmp_path: Path, few_files: int) -> None:
    audio = saved(tmp_path / "a.npy")
    mapped = [map_array(tmp_path / "a.npy") for _ in range(100)]
    assert len(list(Path("/dev/fd").iterdir())) == few_files
    assert all(np.array_equal(one, audio) and not one.flags.writeable for one in mapped)
    (tmp_path / "a.npy").unlink()
    piece = mapped[7][:, 3:9].T
    del mapped
    gc.collect()
    assert np.array_equal(piece, audio[:, 3:9].T), "a piece keeps the map alive, also of a deleted file"


def test_maps_are_given_back(tmp_path: Path) -> None:
    saved(tmp_path / "given_back.npy")
    mapped = [map_array(tmp_path / "given_back.npy") for _ in range(3)]
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("only Linux lists its maps")
    assert "given_back.npy" in maps.read_text()
    del mapped
    gc.collect()
    assert "given_back.npy" not in maps.read_text()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.EIO, errno.ENOMEM])
def test_what_passes_costs_no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    record = FileRecord(source="/a.wav", samples=1000, audio="a.npy")
    saved(tmp_path / "a.npy")

    def refuse(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("daemon.corpus.records.map_array", refuse)
    with pytest.raises(CorpusError) as refusal:
        Corpus(tmp_path, [record]).audio(record)
    assert os.strerror(number) in refusal.value.message and "Remove" not in refusal.value.hint
    assert ("ulimit -n" in refusal.value.hint) == (number == errno.EMFILE)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", b"no array at all" * 20])
def test_damage_is_called_damage(tmp_path: Path, content: bytes) -> None:
    record = FileRecord(source="/a.wav", samples=1000, audio="a.npy")
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(CorpusError, match="damaged"):
        Corpus(tmp_path, [record]).audio(record)
    saved(tmp_path / "a.npy")
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-1])
    with pytest.raises(CorpusError, match="damaged"):
        Corpus(tmp_path, [record]).audio(record)

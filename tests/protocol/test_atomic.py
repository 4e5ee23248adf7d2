"""Files put in place: whole, and with the permissions that their place asks for."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from protocol import atomic
from protocol.atomic import (
    ChangedMeanwhileError,
    Identity,
    identity,
    replace_unchanged,
    replacing,
    write_bytes,
    write_through,
)


@pytest.fixture(autouse=True)
def _a_daemons_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_in_a_folder_that_others_read_can_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_through(tmp_path / "a.wav", lambda temp: temp.write_bytes(b"a") and None)
    write_bytes(tmp_path / "b", b"b")
    assert (mode(tmp_path / "a.wav"), mode(tmp_path / "b")) == (0o644, 0o644)


def test_a_new_file_in_a_private_folder_stays_private(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    write_bytes(tmp_path / "models" / "model.json", b"{}")
    assert mode(tmp_path / "models" / "model.json") == 0o600


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, kept: int) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    path.chmod(kept)
    write_bytes(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", kept)


@pytest.mark.parametrize("has_links", [True, False])
def test_a_new_file_never_takes_the_place_of_another(
    tmp_path: Path, has_links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", without_links)
    path = tmp_path / "a.wav"
    write_through(path, lambda temp: temp.write_bytes(b"new") and None, replace=False)
    assert path.read_bytes() == b"new"
    with pytest.raises(FileExistsError):
        write_through(path, lambda temp: temp.write_bytes(b"newer") and None, replace=False)
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_of_writers_that_read_the_same_file_one_replaces_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is made slow, so that writers without a lock would all find the file that they read."""

    def slowly(path: Path) -> Identity | None:
        found = identity(path)
        time.sleep(0.02)
        return found

    monkeypatch.setattr(atomic, "identity", slowly)
    path, writers = tmp_path / "a.alle", 4
    for _ in range(3):
        path.write_bytes(b"read by all")
        read = identity(path)
        assert read is not None
        together = threading.Barrier(writers)

        def write(number: int, read=read, together=together) -> bool:
            try:
                with replacing(path, place=replace_unchanged(read)) as file:
                    file.write(b"writer %d" % number)
                    together.wait()
            except ChangedMeanwhileError:
                return False
            return True

        with ThreadPoolExecutor(writers) as pool:
            done = [number for number, kept in enumerate(pool.map(write, range(writers))) if kept]
        assert [b"writer %d" % number for number in done] == [path.read_bytes()]
        assert list(tmp_path.iterdir()) == [path]

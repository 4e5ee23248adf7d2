"""Files put in place: whole, and with the permissions that their place asks for."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.files.atomic import write_bytes, write_through


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

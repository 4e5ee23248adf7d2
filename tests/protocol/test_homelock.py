"""The locks of a home: held by one, by inode, and seen from outside."""

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol import homelock
from protocol.errors import AlleleError
from protocol.homelock import HomeLock, holder, is_held
from protocol.places import Places, places_of


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "home").mkdir()
    return places_of(tmp_path / "home")


@pytest.fixture
def taken(places: Places) -> Iterator[HomeLock]:
    lock = HomeLock(places)
    assert lock.try_to_take()
    yield lock
    lock.release()


@pytest.fixture
def no_folder_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that locks files only, as NFS does: a stand-in, since tests can mount none."""
    flock = fcntl.flock

    def files_only(handle: int, how: int) -> None:
        if os.path.isdir(f"/dev/fd/{handle}"):  # noqa: PTH112 - the descriptor's own kind
            raise OSError(errno.EBADF, "Bad file descriptor")
        flock(handle, how)

    monkeypatch.setattr(homelock.fcntl, "flock", files_only)


def test_one_holds_it_and_others_see_who(places: Places, taken: HomeLock) -> None:
    assert is_held(places) and holder(places) == os.getpid()
    other = HomeLock(places)
    assert not other.try_to_take()
    taken.release()
    assert not is_held(places)
    assert other.try_to_take()
    other.release()


@pytest.mark.usefixtures("taken")
def test_a_removed_lock_file_frees_nothing(places: Places) -> None:
    places.daemon_lock.unlink()
    assert is_held(places)
    other = HomeLock(places)
    assert not other.try_to_take()
    other.release()


def test_the_holder_puts_a_removed_lock_file_back(places: Places, taken: HomeLock) -> None:
    places.daemon_lock.unlink()
    assert taken.still_counts()
    assert holder(places) == os.getpid()


@pytest.mark.parametrize("again", [False, True])
def test_a_moved_home_does_not_count_any_more(places: Places, taken: HomeLock, again: bool) -> None:
    places.home.rename(places.home.with_name("moved"))
    if again:
        places.home.mkdir()
        new = HomeLock(places)
        assert new.try_to_take()
        new.release()
    assert not taken.still_counts()


@pytest.mark.usefixtures("no_folder_locks")
def test_where_folders_cannot_be_locked_the_file_decides(places: Places) -> None:
    first, second = HomeLock(places), HomeLock(places)
    assert first.try_to_take() and not second.try_to_take()
    assert is_held(places)
    places.daemon_lock.unlink()
    assert first.still_counts()  # it was put back before anybody came
    assert not second.try_to_take()
    places.daemon_lock.unlink()
    assert second.try_to_take()
    assert not first.still_counts()
    first.release()
    second.release()


def test_where_nothing_can_be_locked_a_line_says_so(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(homelock.fcntl, "flock", none)
    with pytest.raises(AlleleError, match="cannot be locked: No locks available") as refusal:
        HomeLock(places).try_to_take()
    assert "--home" in refusal.value.hint

"""The locks that ensure one daemon per home: one process at a time holds both, and any process can check them.

Both locks belong to an inode (flock on an open descriptor), so they end with the process, however it ends:

- the home folder itself, which cannot be removed on its own. This lock decides if the file system supports it.
- the file `daemon.lock` in the home. It contains the holder's process id, and decides alone if folders cannot be
  locked (NFS turns flock into record locks, which need a descriptor open for writing).

After taking a lock, the holder checks its path again, because the file or folder may have been replaced in between.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from protocol.errors import AlleleError
from protocol.places import Places

EXIT_LOCKED = 3  # exit status of a daemon whose home is held by another daemon
HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


class HomeLock:
    """The two locks of one home, as the daemon takes them. It may hold one while it waits for the other."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._folder, self._file = -1, -1
        self._folder_locks = True
        self._inode = (-1, -1)

    def try_to_take(self) -> bool:
        """Take each lock that is not held yet. Returns True if both are held.

        Raises:
            AlleleError: E_IO if the home cannot be opened, or its file system supports no locks.
        """
        try:
            if self._folder < 0 and self._folder_locks:
                self._folder, self._folder_locks = _lock_folder(self._places.home)
            if self._file < 0 and (self._folder >= 0 or not self._folder_locks):
                self._file = lock_file(self._places.daemon_lock)
        except OSError as problem:
            raise AlleleError(
                "E_IO",
                f"{problem.filename or self._places.home} cannot be locked: {problem.strerror}",
                hint="choose a folder that you can write, on a local disk, with --home DIR",
            ) from None
        if self._file < 0:
            return False
        self._inode = _inode_at(self._places.home) or self._inode
        _sign(self._file)
        return True

    def still_counts(self) -> bool:
        """Whether the home's path still leads to the folder that is locked. A missing lock file is created again.

        False after the home was moved or removed, or if another process holds the lock file that is at the path now.
        """
        if _inode_at(self._places.home) not in (self._inode, None):
            return False
        if _is_at(self._file, self._places.daemon_lock):
            return True
        try:
            again = lock_file(self._places.daemon_lock)
        except OSError:
            return self._folder >= 0  # the folder's lock is sufficient
        if again < 0:
            return self._folder >= 0
        os.close(self._file)
        self._file = again
        _sign(again)
        return True

    def release(self) -> None:
        """Release both locks of the home."""
        for handle in (self._file, self._folder):
            if handle >= 0:
                os.close(handle)
        self._folder, self._file = -1, -1


def is_held(places: Places) -> bool:
    """Whether a process holds this home, even one that does not answer. The check takes a shared lock for a moment."""
    return _is_locked(places.home, os.O_DIRECTORY) or _is_locked(places.daemon_lock)


def holder(places: Places) -> int | None:
    """The process id of the daemon that holds this home, to show in messages; None if it is not recorded."""
    try:
        text = places.daemon_lock.read_text(encoding="ascii")
        return int(text)
    except (OSError, ValueError):
        return None


def lock_file(path: Path) -> int:
    """Lock a file, which is created if necessary. Returns its descriptor, or -1 if another process holds it.

    Raises:
        OSError: the file cannot be created, or its file system supports no locks.
    """
    return _lock(path, lambda: os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _lock_folder(home: Path) -> tuple[int, bool]:
    """Lock a folder. Returns its descriptor (-1 if another process holds it), and whether folders can be locked."""
    try:
        return _lock(home, lambda: os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)), True
    except OSError as problem:
        if problem.errno in (errno.EBADF, errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EISDIR):
            return -1, False
        raise


def _lock(path: Path, open_it: Callable[[], int]) -> int:
    """Lock the file or folder at a path, and repeat until the path still leads to it under the lock."""
    while True:
        handle = open_it()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            os.close(handle)
            if problem.errno in HELD:
                return -1
            raise
        if _is_at(handle, path):
            return handle
        os.close(handle)  # it was replaced between opening and locking


def _is_at(handle: int, path: Path) -> bool:
    """Whether the path leads to this descriptor's inode. A path that cannot be read now counts as unchanged."""
    status = os.fstat(handle)
    return _inode_at(path) in ((status.st_dev, status.st_ino), None)


def _inode_at(path: Path) -> tuple[int, int] | None:
    """Device and inode of what is at the path, (0, 0) if nothing is there, None if the path cannot be read now."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return (0, 0)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _sign(handle: int) -> None:
    """Write this process's id into the lock file."""
    with contextlib.suppress(OSError):  # the disk may be full; the lock is valid without the id
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _is_locked(path: Path, flags: int = 0) -> bool:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as problem:
            return problem.errno in HELD
        finally:
            os.close(handle)
    return False

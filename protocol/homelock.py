"""Who serves a home: one process at a time holds two locks on it, and anybody can ask whether they are held.

Both locks are held by inode (flock on an open descriptor), so they end with the process, however it ends:

- the home folder itself, which cannot be removed on its own. This lock decides wherever the file system has it.
- the file `daemon.lock` in the home. It carries the holder's process id for messages, and decides alone where folders
  cannot be locked (NFS turns flock into record locks, which need a descriptor open for writing).

After a lock is taken its path is looked at again: the file or the folder may have been replaced in between.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from protocol.errors import AlleleError
from protocol.places import Places

EXIT_LOCKED = 3  # exit status of a daemon that found its home held by another one
HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


class HomeLock:
    """Both locks of one home, or one of them while the other is waited for. Used by the daemon."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._folder, self._file = -1, -1
        self._folder_locks = True
        self._inode = (-1, -1)

    def try_to_take(self) -> bool:
        """Take what is not held yet; True when all is held.

        Raises:
            AlleleError: E_IO where the home cannot be opened, or its file system locks nothing.
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
        """Whether the home's path leads to the folder that is locked here; a lock file that is missing is made again.

        False once the home was moved or removed, or once another process holds a lock file that is at the path now.
        """
        if _inode_at(self._places.home) not in (self._inode, None):
            return False
        if _is_at(self._file, self._places.daemon_lock):
            return True
        try:
            again = lock_file(self._places.daemon_lock)
        except OSError:
            return self._folder >= 0  # the folder's lock is as good
        if again < 0:
            return self._folder >= 0
        os.close(self._file)
        self._file = again
        _sign(again)
        return True

    def release(self) -> None:
        """Let go of both."""
        for handle in (self._file, self._folder):
            if handle >= 0:
                os.close(handle)
        self._folder, self._file = -1, -1


def is_held(places: Places) -> bool:
    """Whether a process holds this home, answering or not. Asking takes a shared lock for a moment."""
    return _is_locked(places.home, os.O_DIRECTORY) or _is_locked(places.daemon_lock)


def holder(places: Places) -> int | None:
    """The process id of the daemon that holds this home, for messages; None where it is not written down."""
    try:
        text = places.daemon_lock.read_text(encoding="ascii")
        return int(text)
    except (OSError, ValueError):
        return None


def lock_file(path: Path) -> int:
    """Make a file if need be and lock it; its descriptor, or -1 while somebody else holds it.

    Raises:
        OSError: it cannot be made, or files cannot be locked there.
    """
    return _lock(path, lambda: os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _lock_folder(home: Path) -> tuple[int, bool]:
    """The locked folder's descriptor (-1 while somebody else holds it), and whether folders can be locked there."""
    try:
        return _lock(home, lambda: os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)), True
    except OSError as problem:
        if problem.errno in (errno.EBADF, errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EISDIR):
            return -1, False
        raise


def _lock(path: Path, open_it: Callable[[], int]) -> int:
    """Lock what is at the path, once it is still there under the lock."""
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
    """Whether the path leads to this descriptor's inode. One that cannot be looked at just now counts as unchanged."""
    status = os.fstat(handle)
    return _inode_at(path) in ((status.st_dev, status.st_ino), None)


def _inode_at(path: Path) -> tuple[int, int] | None:
    """Device and inode of what is at the path, (0, 0) when nothing is, None when that cannot be told just now."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return (0, 0)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _sign(handle: int) -> None:
    """Write down who holds the lock."""
    with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
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

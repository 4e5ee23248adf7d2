"""Atomic file writes: after a crash a file holds either its old or its new content.

Each write goes to a temporary file in the same folder, followed by fsync, rename and fsync of the folder, so that a
kill or a power cut leaves no torn file under the final name. A file that replaces another keeps its permissions. A new
file is by default as private as its folder, whatever the umask of the daemon is. The daemon and its clients both
write files this way; nothing here knows of messages.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMP_PREFIX = ".part-"
WITHOUT_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""Error codes of file systems without hard links, such as that of a USB stick."""

Place = Callable[[Path, Path], object]
"""Renames a finished temporary file, the first path, to its name, the second one; raises OSError to refuse."""
Mode = Callable[[Path], int]
"""Returns the permissions of a new file."""
Identity = tuple[int, int, int, int]
"""Device, inode, size in bytes and time of the last change in ns: they differ when a file was written since."""


class ChangedMeanwhileError(OSError):
    """The file to be replaced is no longer the one that was read."""


def identity(path: Path) -> Identity | None:
    """Return what identifies the content of a file; None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def place_new(temp: Path, path: Path) -> None:
    """Rename a finished temporary file to `path` unless a file of that name exists.

    Raises:
        FileExistsError: a file of that name exists.
    """
    try:
        os.link(temp, path)
    except OSError as problem:
        if problem.errno not in WITHOUT_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # claims the name
        temp.replace(path)
    else:
        temp.unlink()


def replace_unchanged(expected: Identity) -> Place:
    """Return a function that replaces a file only if it is still the one with the identity `expected`.

    The comparison and the rename happen under a lock on the file that is replaced. Of several writers that read the
    same file, one replaces it; the others wait, find another file under the name, and raise ChangedMeanwhileError.
    A program that takes no such lock can come between the two only within microseconds.
    """

    def place(temp: Path, path: Path) -> None:
        with _locked(path):
            if identity(path) != expected:
                raise ChangedMeanwhileError(errno.ESTALE, "another program has changed it meanwhile", str(path))
            temp.replace(path)

    return place


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Lock a file while the block runs, where the file system has locks. The lock belongs to the inode."""
    try:
        handle = os.open(path, os.O_RDWR)  # NFS turns flock into record locks, which need a writable descriptor
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_as_folder(path: Path) -> int:
    """Return the permissions of a new file that is as private as its folder."""
    return 0o600 | path.parent.stat().st_mode & 0o044


def user_default(_path: Path) -> int:
    """Return the permissions that the umask of this process gives a new file."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def _temp_beside(path: Path, *, place: Place = Path.replace, new_mode: Mode = private_as_folder) -> Generator[Path]:
    """Yield a temporary path beside `path`, and give it the name `path` when the block ends without an exception."""
    descriptor, name = tempfile.mkstemp(prefix=TEMP_PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    temp = Path(name)
    try:
        yield temp
        with suppress(OSError):  # a file system without permissions, such as that of a USB stick
            temp.chmod(path.stat().st_mode & 0o777 if path.exists() else new_mode(path))
        place(temp, path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temp.unlink()
        raise


@contextmanager
def replacing(path: Path, *, place: Place = Path.replace, new_mode: Mode = private_as_folder) -> Generator[BinaryIO]:
    """Open a binary file that takes the name `path` only when the block ends without an exception.

    Args:
        place: how the finished file gets its name: `Path.replace`, `place_new` or `replace_unchanged(identity)`.
        new_mode: the permissions, if there is no file of that name yet.
    """
    with _temp_beside(path, place=place, new_mode=new_mode) as temp, temp.open("w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file atomically from bytes in memory."""
    with replacing(path) as file:
        file.write(content)


def write_through(path: Path, write: Callable[[Path], None], *, replace: bool = True) -> None:
    """Write a file atomically through a library that takes a path: `write` receives the temporary path.

    Raises:
        FileExistsError: with replace=False, a file of that name exists when the write ends.
    """
    with _temp_beside(path, place=Path.replace if replace else place_new) as temp:
        write(temp)
        with temp.open("rb") as file:
            os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove temporary files that an interrupted writer left in `folder`."""
    for left_over in folder.glob(f"{TEMP_PREFIX}*"):
        with suppress(OSError):
            left_over.unlink()

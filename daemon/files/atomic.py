"""Atomic file writes: after a crash a file holds either its old or its new content.

Each write goes to a temporary file in the same folder, followed by fsync, replace and fsync of the folder, so that a
kill or a power cut leaves no torn file under the final name. A file that replaces another keeps its permissions. A new
file is as private as its folder, whatever the umask of the daemon is.
"""

import errno
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMP_PREFIX = ".part-"
WITHOUT_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""Error codes of file systems without hard links, such as that of a USB stick."""


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temp_beside(path: Path, *, replace: bool = True) -> Generator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` when the block ends without an exception."""
    descriptor, name = tempfile.mkstemp(prefix=TEMP_PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    temp = Path(name)
    try:
        yield temp
        temp.chmod(_mode_for(path))
        temp.replace(path) if replace else _place_new(temp, path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temp.unlink()
        raise


def _place_new(temp: Path, path: Path) -> None:
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


def _mode_for(path: Path) -> int:
    """Permissions for a file at `path`: those of the replaced file, or as private as the folder."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o600 | path.parent.stat().st_mode & 0o044


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Open a binary file that takes the name `path` only when the block ends without an exception."""
    with _temp_beside(path) as temp, temp.open("w+b") as file:
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
    with _temp_beside(path, replace=replace) as temp:
        write(temp)
        with temp.open("rb") as file:
            os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove temporary files that an interrupted writer left in `folder`."""
    for left_over in folder.glob(f"{TEMP_PREFIX}*"):
        with suppress(OSError):
            left_over.unlink()

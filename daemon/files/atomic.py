"""Files that are either the old one or the new one, whatever happens in between.

Temp in place, fsync, replace, fsync of the folder: a kill or a power cut leaves no torn file under
the final name. A file that replaces another keeps its permissions; a new one is as private as its folder, whatever
the umask of the daemon is.
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
"""What a file system says that has no hard links, such as that of a USB stick."""


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temp_beside(path: Path, *, replace: bool = True) -> Generator[Path]:
    """A temp path in the folder of `path`, put in its place when the block ends without an exception."""
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
    """Give a finished file its name unless the name is taken.

    Raises:
        FileExistsError: it is.
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
    """Permissions of a file that is put at `path`: read by others only where they can reach it."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o600 | path.parent.stat().st_mode & 0o044


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """A binary file that takes the name `path` only when the block ends without an exception."""
    with _temp_beside(path) as temp, temp.open("w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file whole."""
    with replacing(path) as file:
        file.write(content)


def write_through(path: Path, write: Callable[[Path], None], *, replace: bool = True) -> None:
    """Let a library that wants a path write the temp file, then put it in place.

    Raises:
        FileExistsError: with replace=False, when there is a file of that name by then.
    """
    with _temp_beside(path, replace=replace) as temp:
        write(temp)
        with temp.open("rb") as file:
            os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what an interrupted writer left in `folder`."""
    for left_over in folder.glob(f"{TEMP_PREFIX}*"):
        with suppress(OSError):
            left_over.unlink()

"""Files that are either the old one or the new one, whatever happens in between.

Temp in place, fsync, replace, fsync of the folder: a kill or a power cut leaves no torn file under
the final name. A file that replaces another keeps its permissions; a new one is as private as its folder, whatever
the umask of the daemon is.
"""

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMP_PREFIX = ".part-"


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temp_beside(path: Path) -> Generator[Path]:
    """A temp path in the folder of `path`, put in its place when the block ends without an exception."""
    descriptor, name = tempfile.mkstemp(prefix=TEMP_PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    temp = Path(name)
    try:
        yield temp
        temp.chmod(_mode_for(path))
        temp.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temp.unlink()
        raise


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


def write_through(path: Path, write: Callable[[Path], None]) -> None:
    """Let a library that wants a path write the temp file, then put it in place."""
    with _temp_beside(path) as temp:
        write(temp)
        with temp.open("rb") as file:
            os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what an interrupted writer left in `folder`."""
    for left_over in folder.glob(f"{TEMP_PREFIX}*"):
        with suppress(OSError):
            left_over.unlink()

"""Files that are either the old one or the new one, whatever happens in between.

Temp in place, fsync, replace, fsync of the folder: a kill or a power cut leaves no torn file under
the final name.
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
        temp.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temp.unlink()
        raise


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

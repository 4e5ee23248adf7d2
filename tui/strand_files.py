"""Reading and writing of the user's files by the client: whole or not at all, and within size limits.

Used by the screens and the command line. Every error is an AlleleError whose message begins with the file.
"""

import contextlib
import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Codes, StrandMeta, unpack_strand

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
WITHOUT_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""Error numbers of file systems without hard links, such as that of a USB stick."""
ZIP_BEGINS = b"PK\x03\x04"


def read_strand(path: Path) -> tuple[StrandMeta, Codes]:
    """Read the strand of an `.alle` file.

    Raises:
        AlleleError: E_NOT_FOUND, E_IO, E_BAD_STRAND or E_BAD_CODE, naming the file.
    """
    require_file(path, "make one with: allele encode FILE --model MODEL")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_STRAND_BYTES + 1)
    except OSError as problem:
        raise AlleleError("E_IO", f"{path}: {problem.strerror}", hint="check its permissions") from None
    if len(data) > MAX_STRAND_BYTES:
        raise AlleleError("E_BAD_STRAND", f"{path}: too large for a strand", hint="make one with: allele encode")
    try:
        return unpack_strand(data)
    except AlleleError as error:
        raise AlleleError(error.code, f"{path}: {error.message}", hint=error.hint) from None


def require_file(path: Path, hint: str = "check the path") -> None:
    """Refuse a path that is not a readable file, before a request is sent to the daemon."""
    try:
        if path.is_dir():
            raise AlleleError("E_IO", f"{path}: it is a folder, not a file", hint=hint)
        if not path.exists():
            raise AlleleError("E_NOT_FOUND", f"{path}: there is no such file", hint=hint)
        if not path.is_file():
            raise AlleleError("E_IO", f"{path}: it is not an ordinary file", hint=hint)
    except OSError as problem:
        raise AlleleError("E_IO", f"{path}: {problem.strerror}", hint="check its permissions") from None
    if not os.access(path, os.R_OK):
        raise AlleleError("E_IO", f"{path}: it may not be read", hint="check its permissions")


def holds_strand(path: Path) -> bool:
    """Return whether a file is an `.alle` file whatever its name: a zip with a strand.json, even if damaged."""
    try:
        with path.open("rb") as file:
            if file.read(len(ZIP_BEGINS)) != ZIP_BEGINS:
                return False
            with zipfile.ZipFile(file) as archive:
                return "strand.json" in archive.namelist()
    except Exception:  # noqa: BLE001 - zipfile raises many things on damaged files
        return False


def write_file(path: Path, data: bytes, *, hint: str = "choose another place") -> None:
    """Write or replace a file atomically. A link stays a link, and a file keeps its mode.

    Raises:
        AlleleError: E_IO or E_DISK_FULL, naming the file. An earlier file is unchanged.
    """
    _write(path, data, hint, Path.replace)


def write_new_file(path: Path, data: bytes, *, hint: str = "choose another place") -> None:
    """Write a new file atomically. A file that another program creates meanwhile is kept.

    Raises:
        AlleleError: E_EXISTS, E_IO or E_DISK_FULL, naming the file.
    """
    _write(path, data, hint, place_new)


def place_new(temporary: Path, target: Path) -> None:
    """Move a finished file to its name, unless the name is taken.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        os.link(temporary, target)
    except OSError as problem:
        if problem.errno not in WITHOUT_LINKS:
            raise
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # claims the name
        temporary.replace(target)


def _write(path: Path, data: bytes, hint: str, place: Callable[[Path, Path], object]) -> None:
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(OSError):
                temporary.chmod(target.stat().st_mode & 0o777)
            place(temporary, target)
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except FileExistsError:
        raise AlleleError("E_EXISTS", f"{path}: another program has just made this file", hint="run it again") from None
    except OSError as problem:
        is_full = problem.errno in FULL
        code, hint = ("E_DISK_FULL", "free some space") if is_full else ("E_IO", hint)
        raise AlleleError(code, f"{path}: {problem.strerror}", hint=hint) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

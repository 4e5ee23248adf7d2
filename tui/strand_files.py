"""Reading and writing of the user's files by the client: whole or not at all, and within size limits.

Used by the screens and the command line. Every error is an AlleleError whose message begins with the file.
"""

import errno
import os
import zipfile
from pathlib import Path

from protocol.atomic import ChangedMeanwhileError, Place, replacing, user_default
from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Strand, unpack_strand

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
ZIP_BEGINS = b"PK\x03\x04"


def read_strand(path: Path) -> Strand:
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


def write_file(path: Path, data: bytes, *, hint: str = "choose another place", place: Place = Path.replace) -> None:
    """Write or replace a file atomically. A link stays a link, and a file keeps its permissions.

    Args:
        place: how the finished file gets its name, as in protocol.atomic.

    Raises:
        AlleleError: E_EXISTS, E_CONFLICT, E_IO or E_DISK_FULL, naming the file. An earlier file is unchanged.
    """
    try:
        with replacing(Path(os.path.realpath(path)), place=place, new_mode=user_default) as file:
            file.write(data)
    except FileExistsError:
        raise AlleleError("E_EXISTS", f"{path}: another program has just made this file", hint="run it again") from None
    except ChangedMeanwhileError as problem:
        raise AlleleError("E_CONFLICT", f"{path}: {problem.strerror}", hint="run it again") from None
    except OSError as problem:
        is_full = problem.errno in FULL
        code, hint = ("E_DISK_FULL", "free some space") if is_full else ("E_IO", hint)
        raise AlleleError(code, f"{path}: {problem.strerror}", hint=hint) from None

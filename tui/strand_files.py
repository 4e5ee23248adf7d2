"""Files of the person's own as the client reads and writes them: whole or not at all, and never more than fits.

Screens and the command line alike. Every refusal is an AlleleError that begins with the file.
"""

import contextlib
import os
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Codes, StrandMeta, unpack_strand

FULL = frozenset({28, 122})  # ENOSPC, EDQUOT


def read_strand(path: Path) -> tuple[StrandMeta, Codes]:
    """The strand in an `.alle` file.

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


def require_file(path: Path, mend: str = "check the path") -> None:
    """Refuse a path that is not a readable file, before anything is asked of the daemon."""
    try:
        if path.is_dir():
            raise AlleleError("E_IO", f"{path}: it is a folder, not a file", hint=mend)
        if not path.exists():
            raise AlleleError("E_NOT_FOUND", f"{path}: there is no such file", hint=mend)
        if not path.is_file():
            raise AlleleError("E_IO", f"{path}: it is not an ordinary file", hint=mend)
    except OSError as problem:
        raise AlleleError("E_IO", f"{path}: {problem.strerror}", hint="check its permissions") from None
    if not os.access(path, os.R_OK):
        raise AlleleError("E_IO", f"{path}: it may not be read", hint="check its permissions")


def write_file(path: Path, data: bytes, *, hint: str = "choose another place") -> None:
    """Write or replace a file: whole or not at all, whatever happens. A link stays a link, a file keeps its mode.

    Raises:
        AlleleError: E_IO or E_DISK_FULL, naming the file; what was there before is still there.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:80]}.{os.getpid()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(OSError):
                temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as problem:
        is_full = problem.errno in FULL
        code, mend = ("E_DISK_FULL", "free some space") if is_full else ("E_IO", hint)
        raise AlleleError(code, f"{path}: {problem.strerror}", hint=mend) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

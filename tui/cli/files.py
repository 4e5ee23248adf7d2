"""Strand files on the client's side: read with a cap, written atomically, named so that no source is lost.

Everything raises AlleleError or OSError; the messages begin with the file.
"""

import contextlib
import os
import struct
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Codes, StrandMeta, pack_strand, unpack_strand

WAV_HEAD_BYTES = 4096
WAV_SUFFIXES = frozenset({".wav", ".wave"})


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


def write_strand(path: Path, meta: StrandMeta, codes: Codes) -> None:
    """Write or replace an `.alle` file: whole or not at all, whatever happens.

    Raises:
        AlleleError: E_IO or E_DISK_FULL, naming the file; what was there before is still there.
    """
    require_writable(path)
    target = Path(os.path.realpath(path))  # a link stays a link
    data = pack_strand(meta, codes)
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
        full = problem.errno in {28, 122}  # ENOSPC, EDQUOT
        code, hint = ("E_DISK_FULL", "free some space") if full else ("E_IO", "choose another place with -o")
        raise AlleleError(code, f"{path}: {problem.strerror}", hint=hint) from None


def give_usual_permissions(path: Path) -> None:
    """Those that the person's own programs give a new file; the daemon's umask makes its files private."""
    mask = os.umask(0o077)
    os.umask(mask)
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~mask)


def absolute(path: Path) -> str:
    """The path as another process must be told it; links keep their names."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would lose the name of a linked file


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


def require_writable(path: Path) -> None:
    """Refuse an output that could not be written, before any work is done for it."""
    folder = path.parent
    if path.is_dir():
        raise AlleleError("E_IO", f"{path}: it is a folder", hint="name a file in it")
    if not folder.is_dir():
        raise AlleleError("E_IO", f"{path}: the folder {folder} is not there", hint="make it first")
    if path.exists() and not path.is_file():
        raise AlleleError("E_IO", f"{path}: it is not an ordinary file", hint="choose another name with -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise AlleleError("E_IO", f"{path}: the folder may not be written", hint="choose another place with -o")


def strand_output(source: Path, chosen: Path | None) -> Path:
    """Where `encode` writes: as chosen, or the recording's stem in the current folder.

    Raises:
        AlleleError: E_EXISTS when that would lose the recording, or a strand with edits that nobody named.
    """
    out = chosen if chosen is not None else Path(f"{source.stem}.alle")
    require_writable(out)
    if _is_same_file(out, source):
        raise AlleleError("E_EXISTS", f"{out}: it is the recording itself", hint="choose another name with -o")
    if chosen is None and out.exists():
        try:
            meta, _ = read_strand(out)
        except AlleleError:
            raise AlleleError(
                "E_EXISTS", f"{out}: there is such a file and it is no strand", hint="choose a name with -o"
            ) from None
        if meta.edits:
            raise AlleleError(
                "E_EXISTS",
                f"{out}: it carries {len(meta.edits)} edit{'s' * (len(meta.edits) > 1)}",
                hint=f"-o {out} replaces it, another name keeps it",
            )
    return out


def wav_output(strand: Path, meta: StrandMeta, chosen: Path | None) -> Path:
    """Where `decode` writes: as chosen, or the strand's stem in the current folder.

    Raises:
        AlleleError: E_EXISTS when that would overwrite the strand, its source, or a recording nobody named.
    """
    out = chosen if chosen is not None else Path(f"{strand.stem}.wav")
    require_writable(out)
    if _is_same_file(out, strand):
        raise AlleleError("E_EXISTS", f"{out}: it is the strand itself", hint="choose another name with -o")
    if out.suffix.lower() not in WAV_SUFFIXES:
        raise AlleleError("E_IO", f"{out}: decode writes WAV files only", hint=f"-o {out.with_suffix('.wav')}")
    if meta.source.path and _is_same_file(out, Path(meta.source.path)):
        raise AlleleError(
            "E_EXISTS", f"{out}: it is the recording that the strand was made of", hint="choose another name with -o"
        )
    if chosen is None and out.exists() and not _may_be_a_decode(out, meta):
        raise AlleleError(
            "E_EXISTS",
            f"{out}: there is such a file and it is no earlier decode of this strand",
            hint=f"-o {out} replaces it, another name keeps it",
        )
    return out


def _may_be_a_decode(path: Path, meta: StrandMeta) -> bool:
    """Whether a file looks as `decode` would have written it: WAV, 24 bit, this rate, channels and length."""
    try:
        with path.open("rb") as file:
            head = file.read(WAV_HEAD_BYTES)
    except OSError:
        return False
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return False
    at, form = 12, b""
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt ":
            form = head[at + 8 : at + 8 + size]
        if name == b"data" and len(form) >= 16:
            channels, rate = struct.unpack_from("<HI", form, 2)
            bits = struct.unpack_from("<H", form, 14)[0]
            wanted = (meta.channels, meta.sample_rate, 24, meta.samples * meta.channels * 3)
            return (channels, rate, bits, size) == wanted
        at += 8 + size + size % 2
    return False


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

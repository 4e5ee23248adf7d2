"""Files of the command line: where outputs go by themselves, so that no source is lost; tui.strand_files does the rest.

Everything raises AlleleError or OSError; the messages begin with the file.
"""

import contextlib
import os
import struct
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import Codes, StrandMeta, pack_strand
from tui.strand_files import read_strand, write_file

WAV_HEAD_BYTES = 4096
WAV_SUFFIXES = frozenset({".wav", ".wave"})


def write_strand(path: Path, meta: StrandMeta, codes: Codes) -> None:
    """Write or replace an `.alle` file: whole or not at all, whatever happens.

    Raises:
        AlleleError: E_IO or E_DISK_FULL, naming the file; what was there before is still there.
    """
    require_writable(path)
    write_file(path, pack_strand(meta, codes), hint="choose another place with -o")


def give_usual_permissions(path: Path) -> None:
    """Those that the person's own programs give a new file; the daemon's umask makes its files private."""
    mask = os.umask(0o077)
    os.umask(mask)
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~mask)


def absolute(path: Path) -> str:
    """The path as another process must be told it; links keep their names."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would lose the name of a linked file


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

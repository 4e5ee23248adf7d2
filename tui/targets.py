"""Decides where a file may be written, so that no recording or edit is lost. Used by the command line and the editor.

The rules, in this order: a strand is written to an `.alle` file and a sound to a WAV; no file overwrites its own
source, under any of its names; a strand never overwrites a file that is not a strand; any other existing file is
replaced only when the user confirms. A `Target` records the file that it replaces; if that changed meanwhile, it is
kept.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol.atomic import Identity, identity, place_new, replace_unchanged, user_default
from protocol.errors import AlleleError
from tui.strand_files import holds_strand, write_file

STRAND_SUFFIX = ".alle"
WAV_SUFFIXES = frozenset({".wav", ".wave"})
WRITE_BITS = 0o222


class OccupiedError(AlleleError):
    """The file exists and may be replaced, if the user confirms."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How to replace a file or choose another one, on the command line or in the editor. `{path}` is the file."""

    replace: str
    another: str


COMMAND_LINE = Wording(replace="--force replaces it, -o NAME writes another", another="choose another name with -o")
EDITOR = Wording(replace=":w! {path} replaces it", another="choose another name")


@dataclass(frozen=True)
class Kept:
    """A file that must not be overwritten, and a description of it."""

    path: Path
    what: str
    hint: str = ""


@dataclass(frozen=True)
class Target:
    """A file that may be written. `replaces` identifies the existing file, or is None."""

    path: Path
    replaces: Identity | None

    def write(self, data: bytes, *, hint: str) -> None:
        """Write the file atomically.

        Raises:
            AlleleError: E_CONFLICT when the existing file changed meanwhile; E_EXISTS, E_IO, E_DISK_FULL.
        """
        write_file(
            self.path, data, hint=hint, place=place_new if self.replaces is None else replace_unchanged(self.replaces)
        )


def as_it_is(path: Path) -> Target:
    """Return a target that replaces a file if it does not change until then."""
    return Target(path, identity(path))


def strand_target(
    out: Path, *, kept: Sequence[Kept] = (), edited: Target | None = None, force: bool = False, wording: Wording
) -> Target:
    """Return the target for a strand. `edited` is the strand file that was read; `out` may be the same file.

    Raises:
        AlleleError: E_BAD_REQUEST for another kind of file, E_EXISTS for a file that must be kept, E_IO.
        OccupiedError: the file exists and `force` is False.
    """
    require_writable(out, wording)
    if out.suffix.lower() != STRAND_SUFFIX:
        raise AlleleError(
            "E_BAD_REQUEST",
            f"{shown(out)}: a strand is written to an {STRAND_SUFFIX} file",
            hint=f"as in {shown(out.with_suffix(STRAND_SUFFIX))}; for sound: allele decode STRAND -o OUT.wav",
        )
    if edited is not None and _is_same_name(out, edited.path):
        _refuse_protected(out, wording)
        return edited
    _refuse_kept(out, kept, wording)
    if not out.exists():
        return Target(out, None)
    if not holds_strand(out):
        raise AlleleError("E_EXISTS", f"{shown(out)}: this file exists and is not a strand", hint=wording.another)
    return _existing(out, wording, force=force)


def wav_target(out: Path, *, kept: Sequence[Kept] = (), force: bool = False, wording: Wording) -> Target:
    """Return the target for a sound.

    Raises:
        AlleleError: E_BAD_REQUEST for another kind of file, E_EXISTS for a file that must be kept, E_IO.
        OccupiedError: the file exists and `force` is False.
    """
    require_writable(out, wording)
    _refuse_kept(out, kept, wording)
    if out.suffix.lower() not in WAV_SUFFIXES:
        hint = f"as in {shown(out.with_suffix('.wav'))}"
        raise AlleleError("E_BAD_REQUEST", f"{shown(out)}: sound is written as WAV files only", hint=hint)
    return _existing(out, wording, force=force) if out.exists() else Target(out, None)


def refuse_recording(target: Target, digests: Iterable[str], wording: Wording) -> None:
    """Refuse to replace a moved or renamed recording, found by the SHA-256 of the existing file.

    Raises:
        AlleleError: E_EXISTS when the file is one of the recordings.
    """
    known = {digest for digest in digests if digest}
    if target.replaces is None or not known:
        return
    try:
        with target.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return
    if found in known:
        what = "it is the recording that the strand was made of"
        raise AlleleError("E_EXISTS", f"{shown(target.path)}: {what}", hint=wording.another)


def require_writable(path: Path, wording: Wording) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Raises:
        AlleleError: E_IO, with the reason and a hint.
    """
    try:
        problem, hint = _obstacle(path, wording)
    except (OSError, ValueError) as failure:
        problem, hint = str(getattr(failure, "strerror", None) or failure), wording.another
    if problem:
        raise AlleleError("E_IO", f"{shown(path)}: {problem}", hint=hint)


def give_usual_permissions(path: Path) -> None:
    """Set the user's default permissions of a new file; the daemon's umask would make it private."""
    try:
        path.chmod(user_default(path))
    except OSError:
        return


def shown(path: Path) -> str:
    """Return a path as it can be typed in a command: one that begins with a dash must not look like an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def _obstacle(path: Path, wording: Wording) -> tuple[str, str]:
    """Return what prevents writing a file, and a hint; two empty texts when nothing does."""
    folder = path.parent
    if path.is_dir():
        return "it is a folder", "name a file in it"
    if not folder.is_dir():
        return f"the folder {shown(folder)} is not there", "make it first"
    if path.is_symlink() and not path.exists():
        return "it is a link to a file that is not there", f"{wording.another}, or remove the link"
    if path.exists() and not path.is_file():
        return "it is not an ordinary file", wording.another
    if not os.access(path.resolve().parent, os.W_OK | os.X_OK):
        return "nothing can be written in its folder", wording.another
    return "", ""


def _existing(path: Path, wording: Wording, *, force: bool = True) -> Target:
    """Return the target that replaces an existing file."""
    if not force:
        hint = wording.replace.format(path=path)
        raise OccupiedError("E_EXISTS", f"{shown(path)}: it exists already", hint=hint)
    _refuse_protected(path, wording)
    return as_it_is(path)


def _refuse_protected(path: Path, wording: Wording) -> None:
    if not path.stat().st_mode & WRITE_BITS or not os.access(path, os.W_OK):
        raise AlleleError("E_IO", f"{shown(path)}: it is write-protected", hint=wording.another)


def _refuse_kept(out: Path, kept: Iterable[Kept], wording: Wording) -> None:
    for file in kept:
        if _is_same_file(out, file.path):
            raise AlleleError("E_EXISTS", f"{shown(out)}: it is {file.what}", hint=file.hint or wording.another)


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _is_same_name(one: Path, other: Path) -> bool:
    """Return whether two paths name the same entry of the same folder, however they are spelled."""
    return one.name == other.name and _is_same_file(one.parent, other.parent)

"""Find the audio files in the files and folders that the user named."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.corpus import ffmpeg
from daemon.corpus.leftovers import Leftovers, LinkedFolder

WAV_NAMES = frozenset({".wav", ".wave", ".bwf", ".rf64", ".bw64", ".w64"})
EXTENSIONS = WAV_NAMES | frozenset(
    {".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".aif", ".aiff", ".aifc", ".afc", ".au", ".snd", ".caf", ".voc"}
)
"""Suffixes that libsndfile reads; `ffmpeg.EXTENSIONS` are added if PyAV is installed."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file to read, or (with `message`) a path that cannot be read."""

    path: Path
    message: str = ""
    hint: str = ""


def extensions() -> frozenset[str]:
    """Lower-case suffixes of the files that are read from a folder."""
    return EXTENSIONS | ffmpeg.EXTENSIONS if ffmpeg.is_there() else EXTENSIONS


def find_files(paths: Sequence[Path], left_out: Leftovers | None = None) -> list[Found]:
    """Walk directories for audio files, in name order. A file named explicitly is always listed.

    A path reached twice is listed once. Links to directories are not followed, because they may loop, and hidden
    directories are not entered. A name that is not UTF-8 can be neither saved in an index nor sent; it is listed with
    an error message.

    Args:
        left_out: counts everything in the directories that is not listed.
    """
    found: list[Found] = []
    counted = Leftovers() if left_out is None else left_out
    for path in paths:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would lose the name of a linked file
        found.extend(_in_folder(absolute, counted) if _is_folder(absolute) else [_single(absolute)])
    return [_with_valid_name(entry) for entry in list({entry.path: entry for entry in reversed(found)}.values())[::-1]]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above it cannot be entered; `_single` reports that
        return False


def _with_valid_name(entry: Found) -> Found:
    name = os.fsencode(entry.path)
    try:
        name.decode()
    except UnicodeDecodeError:
        shown = Path(name.decode(errors="backslashreplace"))
        return Found(path=shown, message="Its name is not UTF-8.", hint="Rename it.")
    return entry


def _single(path: Path) -> Found:
    try:
        if not path.exists():
            return Found(path=path, message="There is no such file or folder.", hint="Check the spelling.")
        if not path.is_file():
            return Found(path=path, message="This is not a file.", hint="Name an audio file or a folder.")
    except OSError as error:
        return _unreadable(path, error)
    return Found(path=path)


def _in_folder(folder: Path, left_out: Leftovers) -> list[Found]:
    found: list[Found] = []
    wanted = extensions()

    def refuse(error: OSError) -> None:
        found.append(_unreadable(Path(str(error.filename)), error))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = _to_enter(Path(parent), sorted(folders), left_out)
        for name in sorted(names):
            path = Path(parent) / name
            if name.startswith(".") or path.suffix.lower() not in wanted:
                left_out.count(name)
            else:
                found.append(_single(path))
    return found or [Found(path=folder, message="No audio files in this folder.", hint=_readable())]


def _to_enter(parent: Path, names: Sequence[str], left_out: Leftovers) -> list[str]:
    """Names of the folders to enter; linked and hidden ones are counted in `left_out`."""
    entered: list[str] = []
    for name in names:
        path = parent / name
        if path.is_symlink():
            target = Path(os.path.realpath(path))  # resolve() raises on a loop
            home = Path(os.path.realpath(parent))
            left_out.linked_folders.append(
                LinkedFolder(path=path, target=target, is_loop=target == home or target in home.parents)
            )
        elif name.startswith("."):
            left_out.hidden_folders.append(path)
        else:
            entered.append(name)
    return entered


def _readable() -> str:
    more = ", M4A, AAC and WavPack" if ffmpeg.is_there() else ""
    return f"Formats that can be read: WAV, FLAC, OGG, Opus, MP3, AIFF, CAF, AU, W64{more}."


def _unreadable(path: Path, error: OSError) -> Found:
    reason = error.strerror or str(error)
    return Found(path=path, message=f"It cannot be read: {reason}.", hint="Check its permissions.")

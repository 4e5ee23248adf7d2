"""From what the user named to a list of files to try."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXTENSIONS = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file to try, or (with `message`) a path that cannot be tried."""

    path: Path
    message: str = ""
    hint: str = ""


def find_files(paths: Sequence[Path]) -> list[Found]:
    """Walk directories for audio files, in name order; a file named explicitly is always tried.

    A path reached twice is listed once. Links to directories are not followed (they may loop). A name that is not UTF-8
    cannot be kept in an index or told to anyone: it is listed with what is wrong with it.
    """
    found: list[Found] = []
    for path in paths:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would lose the name of a linked file
        found.extend(_in_folder(absolute) if absolute.is_dir() else [_single(absolute)])
    return [_tellable(entry) for entry in list({entry.path: entry for entry in reversed(found)}.values())[::-1]]


def _tellable(entry: Found) -> Found:
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


def _in_folder(folder: Path) -> list[Found]:
    found: list[Found] = []

    def refuse(error: OSError) -> None:
        found.append(_unreadable(Path(str(error.filename)), error))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        paths = [Path(parent) / name for name in sorted(names) if not name.startswith(".")]
        found.extend(_single(path) for path in paths if path.suffix.lower() in EXTENSIONS)
    return found or [
        Found(path=folder, message="No audio files in this folder.", hint="WAV, FLAC, OGG, MP3 and AIFF are read.")
    ]


def _unreadable(path: Path, error: OSError) -> Found:
    reason = error.strerror or str(error)
    return Found(path=path, message=f"It cannot be read: {reason}.", hint="Check its permissions.")

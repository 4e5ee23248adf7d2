"""Where a strand is saved: the name that is offered, and the file that a typed name means.

A typed name may leave out the folder (then it is the last one that was saved in) and the suffix (then the file is a
WAV). A folder means the offered name in it. The only I/O is the check which files exist.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from protocol.errors import AlleleError
from tui.model.completion import Completion, complete_path
from tui.model.existing import at_home, is_there
from tui.model.paths import read_path
from tui.model.quoting import BLANKS

SUFFIXES = frozenset({".wav", ".wave", ".alle"})
FOREIGN = frozenset(
    f".{name}"
    for name in (
        *("mp3", "flac", "ogg", "oga", "opus", "aif", "aiff", "aifc", "caf", "au", "m4a"),
        *("mp4", "aac", "wv", "mka", "webm", "wma", "tta", "w64", "rf64"),
    )
)
"""Suffixes of audio formats that are not written here. Any other ending is part of a name."""
USUAL = ".wav"
MOST_FOLDER = 24  # columns of the folder in the prompt
Offer = Callable[[Path], str]
"""Returns the name that is offered in a folder."""
_NUMBERED = re.compile(r"-\d+\Z")
_ELSEWHERE = ("/", "~", "file:")


def offered_name(stem: str, folder: Path, *, suffix: str = USUAL, kept: Path | None = None) -> str:
    """Return the first name in a folder that no file has: `take.wav`, `take-2.wav`, … It is never that of `kept`."""
    stem = plain_stem(stem)
    numbered = (f"{_NUMBERED.sub('', stem)}-{number}" for number in range(2, 100_000))
    for name in (stem, *numbered):
        path = folder / f"{name}{suffix}"
        if path != kept and not is_there(path) and not path.is_symlink():
            return path.name
    return f"{stem}{suffix}"


def plain_stem(name: str) -> str:
    """Return a name that every file system accepts as a file: no slash, no control character, no dots at the ends."""
    text = "".join(char if char.isprintable() and char != "/" else " " for char in name)
    return " ".join(text.split()).strip(". ")[:100] or "sound"


def typed_file(text: str, folder: Path, offer: Offer) -> Path:
    """Return the absolute path of a file that a typed text means, relative to a folder.

    Raises:
        AlleleError: the text is not one file name, or E_BAD_REQUEST for a format that is not written here.
    """
    path = read_path(text)
    is_elsewhere = text.strip(BLANKS).lstrip("'\"$").startswith(_ELSEWHERE)
    path = path if is_elsewhere else folder / os.path.relpath(path, Path.cwd())
    return in_folder(path, offer) if means_folder(text, path) else whole_file(path, offer)


def means_folder(text: str, path: Path) -> bool:
    """Return whether a typed text ends in a slash, so that its path is a folder even if nothing is there."""
    return text.rstrip(BLANKS + "'\"").endswith("/") and not path.is_file()


def whole_file(path: Path, offer: Offer) -> Path:
    """Return the file that a path means: the offered name in a folder, and `.wav` after a name without a suffix.

    Raises:
        AlleleError: E_BAD_REQUEST for a format that is not written here.
    """
    if path.is_dir() or path.name in ("", ".."):
        return in_folder(path, offer)
    if path.suffix.lower() in FOREIGN:
        raise AlleleError("E_BAD_REQUEST", f"{path.name}: this format is unknown", hint="write FILE.wav or FILE.alle")
    return path if path.suffix.lower() in SUFFIXES else path.with_name(path.name + USUAL)


def in_folder(folder: Path, offer: Offer) -> Path:
    """Return the file that is offered in a folder."""
    folder = Path(os.path.normpath(folder))
    return folder / offer(folder)


def missing_folder(path: Path) -> Path | None:
    """Return the folder of a file if it can be made, or None when it is there or something else is in its place."""
    folder = path.parent
    if folder.is_dir():
        return None
    above = next(place for place in folder.parents if is_there(place))
    return folder if above.is_dir() and os.access(above, os.W_OK | os.X_OK) and not is_there(folder) else None


def short_folder(folder: Path) -> str:
    """Return a folder for a label: `~` for the home, and only its end when it is long."""
    home = at_home("~")
    text = f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
    text = "~" if text == "~/." else text
    return text if len(text) <= MOST_FOLDER else f"…{text[1 - MOST_FOLDER :]}"


def complete_in(folder: Path, text: str) -> Completion:
    """Complete a path that is relative to a folder unless it says otherwise."""
    if text.lstrip("'\"$").startswith(_ELSEWHERE):
        return complete_path(text)
    base = f"{folder}/"
    done = complete_path(base + text)
    return Completion(done.text.removeprefix(base) if done.text.startswith(base) else text, done.choices)

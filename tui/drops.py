"""Text pasted or files dropped while no prompt is open: files are opened, folders offered for a corpus.

A terminal types or pastes the path of a dropped file: unquoted, shell-quoted, as a file:// address, or several in a
row. Text that names no files changes nothing; a sentence says where it can be pasted.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import AlleleError
from protocol.naming import expanded
from tui.model.existing import as_typed, is_there
from tui.model.paths import read_paths

MOST_CHARACTERS = 65_536
MOST_PATHS = 1000


@dataclass(frozen=True)
class Drop:
    """Existing files and folders that a text names."""

    files: list[Path]
    folders: list[Path]

    @property
    def paths(self) -> list[Path]:
        """All paths of the drop, files first."""
        return [*self.files, *self.folders]


def read_drop(text: str) -> Drop | None:
    """Return the files and folders of a pasted text, or None when it is not a list of paths.

    Raises:
        AlleleError: the text is a list of paths, and one of them does not exist on this machine.
    """
    whole = as_typed(text) if text.strip() and len(text) <= MOST_CHARACTERS else None
    if whole is not None:
        return _sort([whole.absolute()])
    text = text.strip()
    if not text or len(text) > MOST_CHARACTERS or not all(char.isprintable() or char in "\n\r\t" for char in text):
        return None
    looks = text.lstrip("'\"").startswith(("/", "~", "file://", "./", "../"))
    try:
        paths = read_paths(text)
    except AlleleError:
        if looks:
            raise
        return None
    found = [path for path in paths if is_there(path)]
    if len(found) < len(paths):
        if not looks:
            return None
        missing = next(path for path in paths if path not in found)
        raise AlleleError("E_NOT_FOUND", f"{missing} is not on this machine", hint=f"copy it here: scp FILE {here()}")
    if not found or len(found) > MOST_PATHS:
        return None
    return _sort(found)


def _sort(found: list[Path]) -> Drop:
    folders = [path for path in found if path.is_dir()]
    return Drop([path for path in found if path not in folders], folders)


def here() -> str:
    """Return this machine's home folder in the syntax of scp."""
    return f"{os.environ.get('USER', 'you')}@{socket.gethostname()}:{expanded(Path('~'))}"

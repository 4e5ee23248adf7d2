"""Folders as people name them: `~` is replaced, and a name that no message could carry is refused."""

import os
from pathlib import Path

from protocol.errors import AlleleError


def expanded(path: Path) -> Path:
    """A path with a leading `~` replaced, or as it is where no user's folder is known by that name."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def check_name(folder: Path) -> None:
    """Refuse a folder whose name is not UTF-8 before anything is made or started in it.

    Raises:
        AlleleError: E_IO.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        name = os.fsencode(folder).decode(errors="backslashreplace")
        raise AlleleError(
            "E_IO", f"{name}: the folder's name is not UTF-8", hint="rename it, or choose another with --home DIR"
        ) from None

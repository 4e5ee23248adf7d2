"""Read folder names that people type: replace `~`, and refuse names that no message could contain."""

import os
from pathlib import Path

from protocol.errors import AlleleError


def expanded(path: Path) -> Path:
    """Replace a leading `~` of a path. A path whose user is unknown is returned unchanged."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def check_name(folder: Path) -> None:
    """Refuse a folder whose name is not UTF-8, before anything is created in it.

    Raises:
        AlleleError: E_IO if the name is not UTF-8.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        name = os.fsencode(folder).decode(errors="backslashreplace")
        raise AlleleError(
            "E_IO", f"{name}: the folder's name is not UTF-8", hint="rename it, or choose another with --home DIR"
        ) from None

"""The trash: folders that were removed, kept whole under their kind, name and time, and taken back from there.

Boundary: renames within `$ALLELE_HOME`, so a folder is in one place or the other at any moment, also when the power
goes. What can go wrong: no permission, or a name that was taken again meanwhile; both are said before anything moves.
Blocking.
"""

import contextlib
import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

from daemon.files.atomic import sync_folder
from protocol.errors import AlleleError

_STAMP = "%Y%m%d-%H%M%S"
_WHEN = re.compile(r"-\d{8}-\d{6}-[0-9a-f]{4}\Z")


def move_to_trash(folder: Path, trash: Path, kind: str) -> Path:
    """Move a folder away; gives its new place.

    Raises:
        AlleleError: E_IO.
    """
    try:
        trash.mkdir(parents=True, exist_ok=True)
        target = trash / f"{kind}-{folder.name}-{_stamp(trash)}-{os.urandom(2).hex()}"
        _move(folder, target)
    except OSError as problem:
        raise AlleleError(
            "E_IO", f"{folder}: cannot be moved to the trash: {problem.strerror}", hint="check its permissions"
        ) from None
    return target


def _stamp(trash: Path) -> str:
    """Now, and later than what was moved here last: a clock that is set back, in autumn too, changes no order."""
    stamps = [path.name[-20:-5] for path in trash.iterdir() if _WHEN.search(path.name)]
    now, newest = time.strftime(_STAMP), max(stamps, default="")
    if now > newest:
        return now
    return (datetime.strptime(newest, _STAMP) + timedelta(seconds=1)).strftime(_STAMP)


def in_trash(trash: Path, kind: str) -> dict[str, Path]:
    """Names of what can be taken back, each with the folder that was moved here last.

    Raises:
        AlleleError: E_IO.
    """
    try:
        folders = [path for path in trash.iterdir() if path.name.startswith(f"{kind}-") and _WHEN.search(path.name)]
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise AlleleError("E_IO", f"{trash}: {problem.strerror}", hint="check its permissions") from None
    # The time of the rename, not only of the name: two of one second are told apart.
    folders.sort(key=lambda path: (path.name[-20:-5], _renamed_ns(path)))
    return {_WHEN.sub("", path.name.removeprefix(f"{kind}-")): path for path in folders}


def take_back(trashed: Path, folder: Path) -> None:
    """Move a folder out of the trash.

    Raises:
        AlleleError: E_EXISTS when its place is taken, E_IO.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise AlleleError("E_EXISTS", f"{folder} is there already", hint="delete that one first")
        _move(trashed, folder)
    except OSError as problem:
        raise AlleleError(
            "E_IO", f"{trashed}: cannot be taken out of the trash: {problem.strerror}", hint="check its permissions"
        ) from None


def _renamed_ns(path: Path) -> int:
    try:
        return path.lstat().st_ctime_ns
    except OSError:  # gone meanwhile
        return 0


def _move(source: Path, target: Path) -> None:
    source.rename(target)
    with contextlib.suppress(OSError):  # it has moved; when that reaches the disk is then left to the system
        sync_folder(target.parent)
        sync_folder(source.parent)

"""The trash: deleted folders, kept under their kind, name and time, from which they can be restored.

Folders are renamed within `$ALLELE_HOME`, so that after a power cut each is either in its place or in the trash. A
missing permission, or a name that has been taken meanwhile, raises an error before anything moves. Calls block.
"""

import contextlib
import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

from protocol.atomic import sync_folder
from protocol.errors import AlleleError

_STAMP = "%Y%m%d-%H%M%S"
_WHEN = re.compile(r"-\d{8}-\d{6}-[0-9a-f]{4}\Z")


def move_to_trash(folder: Path, trash: Path, kind: str) -> Path:
    """Move a folder to the trash; returns its new path.

    Raises:
        AlleleError: E_IO if it cannot be moved.
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
    """Current time, but later than the newest in the trash, so that a clock set back does not change the order."""
    stamps = [path.name[-20:-5] for path in trash.iterdir() if _WHEN.search(path.name)]
    now, newest = time.strftime(_STAMP), max(stamps, default="")
    if now > newest:
        return now
    return (datetime.strptime(newest, _STAMP) + timedelta(seconds=1)).strftime(_STAMP)


def in_trash(trash: Path, kind: str) -> dict[str, Path]:
    """Names that can be restored, each with its most recently deleted folder.

    Raises:
        AlleleError: E_IO if the trash cannot be read.
    """
    try:
        folders = [path for path in trash.iterdir() if path.name.startswith(f"{kind}-") and _WHEN.search(path.name)]
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise AlleleError("E_IO", f"{trash}: {problem.strerror}", hint="check its permissions") from None
    # Also by the time of the rename, which orders two folders of the same second.
    folders.sort(key=lambda path: (path.name[-20:-5], _renamed_ns(path)))
    return {_WHEN.sub("", path.name.removeprefix(f"{kind}-")): path for path in folders}


def take_back(trashed: Path, folder: Path, what: str = "restored from the trash") -> None:
    """Restore a folder from the trash, or move another one; `what` says which if that fails.

    Raises:
        AlleleError: E_EXISTS if a folder of that name exists, E_IO if it cannot be moved.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise AlleleError("E_EXISTS", f"{folder} exists already", hint="delete that one first")
        _move(trashed, folder)
    except OSError as problem:
        raise AlleleError(
            "E_IO", f"{trashed}: cannot be {what}: {problem.strerror}", hint="check its permissions"
        ) from None


def _renamed_ns(path: Path) -> int:
    try:
        return path.lstat().st_ctime_ns
    except OSError:  # gone meanwhile
        return 0


def _move(source: Path, target: Path) -> None:
    source.rename(target)
    with contextlib.suppress(OSError):  # the folder has moved; the system then decides when that reaches the disk
        sync_folder(target.parent)
        sync_folder(source.parent)

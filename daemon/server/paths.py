"""Checks paths that messages contain: they must be absolute, and are checked before any work begins."""

import os
from collections.abc import Sequence
from pathlib import Path

from protocol.errors import AlleleError


def absolute(path: str) -> Path:
    """Read a path from a message.

    Raises:
        AlleleError: E_BAD_REQUEST if it contains a NUL or is relative, because the daemon has another working folder.
    """
    if "\0" in path or not os.path.isabs(path):  # noqa: PTH117 - Path would accept the NUL
        raise AlleleError("E_BAD_REQUEST", f"{path[:200]!r} is not an absolute path", hint="give the whole path")
    return Path(path)


def check_sources(paths: Sequence[str]) -> list[Path]:
    """Check files and folders that are to be read. This blocks: call it in a thread.

    Raises:
        AlleleError: E_NOT_FOUND or E_IO. It names the first path that cannot be read.
    """
    found = [absolute(path) for path in paths]
    for path in found:
        try:
            path.stat()
        except FileNotFoundError:
            raise AlleleError(
                "E_NOT_FOUND", f"{path}: there is no such file or folder", hint="check the spelling"
            ) from None
        except OSError as problem:
            raise _unreadable(path, problem.strerror or str(problem)) from None
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            raise _unreadable(path, "permission denied")
    return found


def check_target(path: str, recording: str = "", *, replace: bool = True) -> Path:
    """Check the path of a file that is to be written. This blocks: call it in a thread.

    Args:
        path: the file to write.
        recording: a file that must not be overwritten, even through a link to it.
        replace: whether an existing file may be replaced.

    Raises:
        AlleleError: E_NOT_FOUND, E_EXISTS or E_IO. It says why the path cannot be used.
    """
    out = absolute(path)
    if out.is_dir():
        raise AlleleError("E_IO", f"{out}: this is a folder", hint="name a file, as in out.wav")
    if not out.parent.is_dir():
        raise AlleleError("E_NOT_FOUND", f"{out.parent}: there is no such folder", hint="create it first")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise AlleleError("E_IO", f"{out.parent}: nothing can be written there", hint="check its permissions")
    if out.exists() and not out.is_file():
        raise AlleleError("E_IO", f"{out}: this is not an ordinary file", hint="choose another name")
    if recording and _is_same_file(out, recording):
        raise AlleleError("E_EXISTS", f"{out}: this is the strand's own recording", hint="choose another name")
    if not replace and (out.exists() or out.is_symlink()):
        raise AlleleError("E_EXISTS", f"{out}: it exists already", hint="choose another name")
    return out


def check_folder(path: str) -> Path:
    """Check the path of a folder that is to receive files; it may be missing if its parent exists. This blocks.

    Raises:
        AlleleError: E_NOT_FOUND or E_IO. It says why the folder cannot be used.
    """
    out = absolute(path)
    if out.exists() and not out.is_dir():
        raise AlleleError("E_IO", f"{out}: this is not a folder", hint="choose another name")
    there = out if out.is_dir() else out.parent
    if not there.is_dir():
        raise AlleleError("E_NOT_FOUND", f"{there}: there is no such folder", hint="create it first")
    if not os.access(there, os.W_OK | os.X_OK):
        raise AlleleError("E_IO", f"{there}: nothing can be written there", hint="check its permissions")
    return out


def _is_same_file(one: Path, other: str) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _unreadable(path: Path, why: str) -> AlleleError:
    return AlleleError("E_IO", f"{path}: it cannot be read: {why.lower()}", hint="check its permissions")

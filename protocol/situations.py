"""Exceptions caused by the state of the machine and not by a defect: a full disk, no permission, too many open files.

The daemon and its clients convert such exceptions to errors here, each with a hint that fits its cause. The hint for a
cause that may pass (no file descriptor left, a read error of the disk) never recommends deleting anything.
"""

import errno
from typing import cast

from protocol.errors import AlleleError

FREE_SPACE = "free some space and try again"
_PERMISSIONS = ("E_IO", "there is no permission to read or write it", "check its permissions, or use another folder")
_GONE = ("E_UNAVAILABLE", "the other side of a connection went away", "try again")
_BY_NUMBER: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("E_DISK_FULL", "no space is left on the disk", FREE_SPACE),
    errno.EDQUOT: ("E_DISK_FULL", "your share of the disk is used up", FREE_SPACE),
    errno.EFBIG: ("E_DISK_FULL", "the file became larger than this disk or ulimit -f allows", "use another disk"),
    errno.EMFILE: ("E_BUSY", "too many files are open", "raise the limit (ulimit -n 4096) and try again"),
    errno.ENFILE: ("E_BUSY", "too many files are open on this machine", "close other programs and try again"),
    errno.EAGAIN: ("E_BUSY", "the system has reached one of its limits", "close other programs and try again"),
    errno.ENOMEM: ("E_OOM", "memory ran out", "close other programs and try again"),
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EROFS: ("E_IO", "the disk is read-only", "use another folder"),
    errno.EIO: ("E_IO", "the disk failed to read or write", "check the disk and its cable, then try again"),
    errno.ESTALE: ("E_IO", "the network folder is gone", "connect it again"),
    errno.ENODEV: ("E_IO", "the device is gone", "connect it again"),
    errno.ENXIO: ("E_IO", "the device is gone", "connect it again"),
    errno.ETIMEDOUT: ("E_IO", "it took too long to answer", "check the network and try again"),
    errno.ENAMETOOLONG: ("E_IO", "the name is too long for this disk", "use a shorter one"),
    errno.ENOENT: ("E_NOT_FOUND", "there is no such file or folder", "check the path"),
    errno.ENOTDIR: ("E_IO", "a part of the path is not a folder", "check the path"),
    errno.EISDIR: ("E_IO", "that is a folder", "name a file"),
    errno.ECONNREFUSED: ("E_UNAVAILABLE", "nobody accepts the connection", "start the daemon: allele daemon start"),
    errno.ECONNRESET: _GONE,
    errno.EPIPE: _GONE,
}


def situation(problem: BaseException) -> AlleleError | None:
    """The error that describes an exception; None if the state of the machine does not explain it (a defect)."""
    if isinstance(problem, AlleleError):
        return problem
    if isinstance(problem, MemoryError):
        return AlleleError("E_OOM", "memory ran out", hint="close other programs and try again")
    number: object = getattr(problem, "errno", None)  # of OSError, and of ZeroMQ's errors
    if isinstance(number, int) and number in _BY_NUMBER:
        code, message, hint = _BY_NUMBER[number]
        return AlleleError(code, f"{_where(problem)}{message}", hint=hint)
    if isinstance(problem, OSError):
        hint = "check the path and its permissions"
        return AlleleError("E_IO", f"{_where(problem)}{problem.strerror or problem}", hint=hint)
    if isinstance(problem, UnicodeError):
        return AlleleError("E_IO", f"a text or a name is not UTF-8 ({problem})", hint="rename it or save it as UTF-8")
    if isinstance(problem, ImportError):
        return AlleleError("E_UNAVAILABLE", f"the installation is incomplete ({problem})", hint="run: allele doctor")
    return None


def _where(problem: BaseException) -> str:
    """The prefix `/the/file: ` if the exception names a file, otherwise empty."""
    name = cast("object", getattr(problem, "filename", None))
    if isinstance(name, bytes):
        name = name.decode(errors="backslashreplace")
    return f"{name}: " if isinstance(name, str) and name else ""

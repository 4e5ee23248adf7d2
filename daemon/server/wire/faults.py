"""Converts exceptions that a handler did not catch to errors with a stable code and one line for the user."""

import logging
import sqlite3

from protocol.errors import AlleleError
from protocol.situations import FREE_SPACE, situation

log = logging.getLogger("allele.router")

_DATABASE_HINTS = {
    sqlite3.SQLITE_IOERR: "check the disk, then try again",
    sqlite3.SQLITE_CANTOPEN: "check that the home's folder is there and can be written",
    sqlite3.SQLITE_READONLY: "check the permissions of the home's folder",
    sqlite3.SQLITE_BUSY: "another program uses the home's database: close it, then try again",
}


def as_allele_error(problem: BaseException, doing: str) -> AlleleError:
    """Convert an exception to the error of the reply. A defect is logged with its traceback."""
    if isinstance(problem, sqlite3.Error):
        return _of_database(problem)
    known = situation(problem)
    if known is not None:
        return known
    log.error("%s failed", doing, exc_info=problem)
    return AlleleError("E_INTERNAL", f"{doing} failed: {type(problem).__name__}", hint="details: allele daemon logs")


def _of_database(problem: sqlite3.Error) -> AlleleError:
    """Convert an SQLite error by its number. None of them loses data that was acknowledged."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF  # the other bits identify the place within SQLite
    if code == sqlite3.SQLITE_FULL:
        return AlleleError("E_DISK_FULL", "no space is left on the disk", hint=FREE_SPACE)
    if code == sqlite3.SQLITE_NOMEM:
        return AlleleError("E_OOM", "memory ran out", hint="close other programs and try again")
    hint = _DATABASE_HINTS.get(code, "details: allele daemon logs")
    return AlleleError("E_IO", f"the daemon's database: {problem}", hint=hint)

"""Any exception as an error with a stable code: what a handler let through, in one line for the person."""

import errno
import logging
import sqlite3

from daemon.dsp.errors import passing_hint
from protocol.errors import AlleleError

log = logging.getLogger("allele.router")


def as_allele_error(problem: BaseException, doing: str) -> AlleleError:
    """The error to answer with; a defect is logged with its traceback."""
    if isinstance(problem, AlleleError):
        return problem
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(str(problem.filename or ""))
    if isinstance(problem, sqlite3.OperationalError) and "full" in str(problem):
        return disk_full("")
    if isinstance(problem, sqlite3.Error):
        return AlleleError("E_IO", f"{doing}: the database: {problem}", hint="allele daemon logs has the details")
    if isinstance(problem, OSError):
        where = f"{problem.filename}: " if problem.filename else ""
        hint = passing_hint(problem, "check the path and its permissions")
        return AlleleError("E_IO", f"{where}{problem.strerror or problem}", hint=hint)
    if isinstance(problem, MemoryError):
        return AlleleError("E_OOM", f"{doing}: memory ran out", hint="close other programs or use a shorter clip")
    log.error("%s failed", doing, exc_info=problem)
    return AlleleError("E_INTERNAL", f"{doing} failed: {type(problem).__name__}", hint="allele daemon logs says more")


def disk_full(where: str) -> AlleleError:
    """No space is left; nothing that was acknowledged is lost."""
    named = f"{where}: " if where else ""
    return AlleleError("E_DISK_FULL", f"{named}no space is left on the disk", hint="free some space and try again")

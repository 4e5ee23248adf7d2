"""Converts exceptions of a worker to a `Failure`: a stable code, one line and a hint. Only workers import it."""

import errno
import traceback

from daemon.errors import ReportedError, passing_hint
from daemon.supervision.failure import Failure
from protocol.errors import AlleleError
from protocol.situations import FREE_SPACE, situation

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})


def describe_failure(problem: BaseException) -> Failure:
    """Describe any exception for the broker. The traceback of a defect is written to the worker's log."""
    failure = _as_failure(problem)
    if failure.code in ("E_INTERNAL", "E_ENGINE"):
        traceback.print_exception(problem)
    return failure


def _as_failure(problem: BaseException) -> Failure:
    if isinstance(problem, AlleleError):
        return _failure(problem)
    causes = {cause.errno: cause for cause in _causes(problem) if isinstance(cause, OSError) and cause.errno}
    if causes.keys() & FULL:
        return _disk_full(problem)
    if causes.keys() & NO_DESCRIPTOR:
        return _too_many_files(problem)
    if isinstance(problem, ReportedError):
        message = _one_line(problem.message)
        return Failure(code=problem.code, message=message, hint=problem.hint, can_resume=problem.can_resume)
    if isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryError":
        hint = "use a shorter clip, a smaller preset, or close programs"
        return Failure(code="E_OOM", message="memory ran out", hint=hint)
    known = situation(problem)
    if known is not None:
        return _failure(known)
    message = f"{type(problem).__name__}: {_one_line(str(problem) or type(problem).__name__)}"[:500]
    return Failure(code="E_ENGINE", message=message, hint="details: allele daemon logs")


def _failure(error: AlleleError) -> Failure:
    return Failure(code=error.code, message=error.message, hint=error.hint)


def _disk_full(problem: BaseException) -> Failure:
    """Report a full disk, with the error's own message if it has one, otherwise with the file's name."""
    hint = problem.hint if isinstance(problem, ReportedError) else ""
    return Failure(
        code="E_DISK_FULL", message=_own_words(problem, "no space is left on the disk"), hint=hint or FREE_SPACE
    )


def _too_many_files(problem: BaseException) -> Failure:
    """Report that no file can be opened now. The error's own hint is not used, because the file is not the cause."""
    hint = passing_hint(OSError(errno.EMFILE, ""))
    return Failure(code="E_IO", message=_own_words(problem, "too many open files"), hint=hint)


def _own_words(problem: BaseException, otherwise: str) -> str:
    if isinstance(problem, ReportedError):
        return _one_line(problem.message)
    return f"{problem.filename}: {otherwise}" if isinstance(problem, OSError) and problem.filename else otherwise


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _causes(problem: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while problem is not None and problem not in chain:
        chain.append(problem)
        problem = problem.__cause__ or problem.__context__
    return chain

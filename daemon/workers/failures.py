"""What a worker's exception becomes on the pipe: a stable code, a line, the mend. In workers only."""

import errno
import traceback
from typing import Any

from daemon.atlas.errors import AtlasError
from daemon.codec.errors import CodecError
from daemon.corpus.errors import CorpusError
from daemon.errors import MendableError, passing_hint
from daemon.runs.errors import TrainingMemoryError
from protocol.errors import AlleleError
from protocol.situations import situation


def describe_failure(problem: BaseException) -> dict[str, Any]:
    """Code, message and hint of any exception; a defect's traceback goes to the worker's log."""
    error = _as_error(problem)
    if error.code in ("E_INTERNAL", "E_ENGINE"):
        traceback.print_exception(problem)
    return {"code": error.code, "message": error.message, "hint": error.hint}


def _as_error(problem: BaseException) -> AlleleError:
    if isinstance(problem, AlleleError):
        return problem
    numbers = {cause.errno for cause in _causes(problem) if isinstance(cause, OSError)}
    message = " ".join((getattr(problem, "message", "") or str(problem) or type(problem).__name__).split())
    if numbers & {errno.ENOSPC, errno.EDQUOT} or "disk is full" in message or "No space left" in message:
        hint = getattr(problem, "hint", "") or "free some space and try again"
        if isinstance(problem, OSError):
            message = f"{f'{problem.filename}: ' if problem.filename else ''}no space is left on the disk"
        return AlleleError("E_DISK_FULL", message, hint=hint)
    if numbers & {errno.EMFILE, errno.ENFILE} or "Too many open files" in message:
        where = f"{problem.filename}: " if isinstance(problem, OSError) and problem.filename else ""
        message = f"{where}too many open files" if isinstance(problem, OSError) else message
        return AlleleError("E_IO", message, hint=passing_hint(OSError(errno.EMFILE, message)))
    if isinstance(problem, TrainingMemoryError):
        return AlleleError("E_OOM", message, hint=problem.hint)
    if isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryError":
        return AlleleError("E_OOM", "memory ran out", hint="use a shorter clip, a smaller preset, or close programs")
    if isinstance(problem, AtlasError):
        return AlleleError("E_NO_ATLAS", message, hint=problem.hint)
    if isinstance(problem, CodecError):
        return AlleleError("E_BAD_REQUEST", message, hint=problem.hint)
    if isinstance(problem, CorpusError):
        return AlleleError("E_IO", message, hint=problem.hint)
    if isinstance(problem, MendableError):
        return AlleleError("E_BAD_REQUEST", message, hint=problem.hint)
    known = situation(problem)
    if known is not None:
        return known
    return AlleleError("E_ENGINE", f"{type(problem).__name__}: {message}"[:500], hint="allele daemon logs says more")


def _causes(problem: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while problem is not None and problem not in chain:
        chain.append(problem)
        problem = problem.__cause__ or problem.__context__
    return chain

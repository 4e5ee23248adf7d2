"""The errors that can end a training early."""

from typing import ClassVar

from daemon.errors import ReportedError

# The last occurs in CUFFT_ALLOC_FAILED and CUBLAS_STATUS_ALLOC_FAILED, which are plain RuntimeErrors too.
_SIGNS = ("can't allocate memory", "out of memory", "ALLOC_FAILED")


class TrainingError(ReportedError):
    """The training cannot continue because of the corpus, the run folder, the disk or values that are not finite."""


class TrainingMemoryError(TrainingError):
    """Memory ran out in a step, even with half the crops, or between two steps."""

    code: ClassVar[str] = "E_OOM"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the device or on the host (where torch raises a plain RuntimeError)."""
    words = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(sign in words for sign in _SIGNS)
    )

"""What can end a training before its time."""

from typing import ClassVar

from daemon.errors import ReportedError

# The last as in CUFFT_ALLOC_FAILED and CUBLAS_STATUS_ALLOC_FAILED, which come as plain RuntimeErrors too.
_SIGNS = ("can't allocate memory", "out of memory", "ALLOC_FAILED")


class TrainingError(ReportedError):
    """The corpus, the run folder, the disk or the numbers do not allow the training to go on."""


class TrainingMemoryError(TrainingError):
    """A step does not fit into memory, even with half the crops, or what happens between two steps does not."""

    code: ClassVar[str] = "E_OOM"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the device or on the host (where torch gives a plain RuntimeError)."""
    words = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(sign in words for sign in _SIGNS)
    )

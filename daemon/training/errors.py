"""What can end a training before its time."""

from daemon.dsp.errors import MendableError


class TrainingError(MendableError):
    """The corpus, the run folder, the disk or the numbers do not allow the training to go on."""


class TrainingMemoryError(TrainingError):
    """A step does not fit into memory, even with half the crops, or what happens between two steps does not."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the device or on the host (where torch gives a plain RuntimeError)."""
    words = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in words
        or "out of memory" in words
    )

"""What a decoder gives for one stretch of a file: blocks at their own rate, and whether it came to its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 1 << 18  # frames x channels per block: 1 MiB of float32


class UnreadableFileError(Exception):
    """This one file cannot be used: `message` says why, `hint` what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Block:
    """Some frames `(L, C)` at their own rate; both may change from one block of a stream to the next."""

    samples: NDArray[np.float32]
    rate_hz: int


class SoundStream(Protocol):
    """One stretch of sound that has been opened.

    Attributes:
        claimed_s: its length where that is known exactly beforehand, None where it is an estimate.
        is_broken: once `blocks` is exhausted, whether an error ended it.
        is_holed: once `blocks` is exhausted, whether something in it was left out because of errors.
        other_streams: sound tracks beside this one.
    """

    rate_hz: int
    channels: int
    claimed_s: float | None
    is_broken: bool
    is_holed: bool
    other_streams: int

    def blocks(self) -> Iterator[Block]:
        """Decode from the start; the stream is closed at the end."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

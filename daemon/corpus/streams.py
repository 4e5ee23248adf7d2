"""Interface of a decoder for one stretch of a file: blocks at their own rate, and whether the sound is complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 1 << 18  # frames x channels per block: 1 MiB of float32


class UnreadableFileError(Exception):
    """A file cannot be used. `message` is the reason, `hint` what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Block:
    """A block of frames `(L, C)` at its own rate; channels and rate may change from block to block."""

    samples: NDArray[np.float32]
    rate_hz: int


class SoundStream(Protocol):
    """An opened stretch of sound.

    Attributes:
        claimed_s: its length in seconds if it is known exactly beforehand, None if it is an estimate.
        is_broken: once `blocks` is exhausted, whether an error ended it.
        is_holed: once `blocks` is exhausted, whether parts inside it were skipped because of errors.
        other_streams: number of sound tracks beside this one.
    """

    rate_hz: int
    channels: int
    claimed_s: float | None
    is_broken: bool
    is_holed: bool
    other_streams: int

    def blocks(self) -> Iterator[Block]:
        """Decode from the start, and close the stream at the end."""
        ...

    def close(self) -> None:
        """Close the file of the stream."""
        ...

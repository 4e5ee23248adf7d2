"""Cells that the prior draws for the operation `regenerate`."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes


class Filling(Protocol):
    """What fills gaps: the neural engine of the codec's model."""

    def fill(
        self, codes: Codes, lo: int, free: NDArray[np.bool_], *, creativity: float, focus: float, seed: int
    ) -> Codes:
        """Grid with the free cells `(Q, n)` of the frames from `lo` on drawn again."""
        ...


def regenerate(
    codec: Codec, prior: Filling, codes: Codes, free: Codes, *, first: int, creativity: float, focus: float, seed: int
) -> Codes:
    """Draw cells of a grid `(Q, T)` again.

    Args:
        free: 1 for each cell to draw, 0 for each that stays, `(Q, n)`, of the frames from `first` on.

    Returns:
        Codes `(Q, n)`.
    """
    frames = slice(first, first + free.shape[1])
    if not free.any() or codes.shape[0] != codec.config.levels or codes[:, frames].shape != free.shape:
        return np.ascontiguousarray(codes[:, frames])
    whole = prior.fill(codes, first, free > 0, creativity=creativity, focus=focus, seed=seed)
    return np.ascontiguousarray(whole[:, frames])

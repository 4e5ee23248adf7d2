"""Cells that the prior draws for the operation `regenerate`."""

from typing import Protocol

import numpy as np

from daemon.codec.codec import Codec, Codes


class Filling(Protocol):
    """What fills gaps: the neural engine of the codec's model."""

    def fill(
        self, codes: Codes, lo: int, hi: int, free: list[int], *, creativity: float, focus: float, seed: int
    ) -> Codes:
        """Grid with the free levels of frames [lo, hi) drawn again."""
        ...


def regenerate(
    codec: Codec,
    prior: Filling,
    codes: Codes,
    *,
    first: int,
    past: int,
    levels: str,
    creativity: float,
    focus: float,
    seed: int,
) -> Codes:
    """Draw frames [first, past) of a grid `(Q, T)` again, on the named levels only; returns `(Q, past - first)`."""
    free = [int(level) for level in levels.split()]
    if not free or first == past or codes.shape[0] != codec.config.levels:
        return np.ascontiguousarray(codes[:, first:past])
    whole = prior.fill(codes, first, past, free, creativity=creativity, focus=focus, seed=seed)
    return np.ascontiguousarray(whole[:, first:past])

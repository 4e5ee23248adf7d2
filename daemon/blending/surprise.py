"""How much each cell surprises a model's prior, as the surprise map and the option `only` need it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes

STEPS_OF_BIT = 10
MOST_STEPS = 254
"""The largest surprise that is told apart, 25.4 bits. The number after it is free for "not known"."""


class Scoring(Protocol):
    """What scores codes: the prior of the codec's model."""

    def surprise(self, codes: Codes, heard: int) -> NDArray[np.float32]:
        """Bits of each cell of `(Q, T)` codes after the first `heard` frames, `(Q, T - heard)`."""
        ...


def surprise(codec: Codec, prior: Scoring, codes: Codes, *, heard: int) -> NDArray[np.uint8]:
    """Surprise of each cell of a grid `(Q, T)` after the first `heard` frames, in tenths of a bit `(Q, T - heard)`."""
    if codes.shape[0] != codec.config.levels or codes.shape[1] <= heard:
        return np.zeros((codes.shape[0], max(0, codes.shape[1] - heard)), np.uint8)
    bits = prior.surprise(codes, heard)
    return np.clip(np.rint(bits * STEPS_OF_BIT), 0, MOST_STEPS).astype(np.uint8)

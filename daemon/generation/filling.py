"""Fill chosen levels of a gap with the neural engine, as the operation `regenerate` needs it."""

import numpy as np

from daemon.codec.codec import Codes
from daemon.generation.material import Material
from daemon.generation.neural import Neural, Settings
from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling

SPREAD = 0.2
"""Change of the temperature at creativity 0 and 1, as a share of the calibrated one."""


def warmed(temperature: float, creativity: float) -> float:
    """Temperature for a creativity from 0 to 1; 0.5 keeps the calibrated one."""
    return temperature * (1 + SPREAD * (2 * creativity - 1))


class Filler:
    """The neural engine of one model, for gaps."""

    def __init__(self, prior: Prior, material: Material, temperature: float) -> None:
        self._neural, self._temperature = Neural(prior, material), temperature

    def fill(
        self, codes: Codes, lo: int, hi: int, free: list[int], *, creativity: float, focus: float, seed: int
    ) -> Codes:
        """Grid `(Q, T)` with the free levels of frames [lo, hi) drawn again."""
        sampling = Sampling(temperature=warmed(self._temperature, creativity))
        mask = np.zeros((codes.shape[0], hi - lo), bool)
        mask[free] = True
        return self._neural.infill(codes, lo, hi, seed, Settings(sampling=sampling, focus=focus), free=mask)

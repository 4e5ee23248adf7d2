"""What the Editor asks of a prior: to fill chosen cells of a gap (`regenerate`), and how much cells surprise it."""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.generation.material import Material
from daemon.generation.neural import Neural, Settings, Watch
from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling

SPREAD = 0.2
"""Change of the temperature at creativity 0 and 1, as a share of the calibrated one."""


def warmed(temperature: float, creativity: float) -> float:
    """Temperature for a creativity from 0 to 1; 0.5 keeps the calibrated one."""
    return temperature * (1 + SPREAD * (2 * creativity - 1))


class Filler:
    """The prior of one model and its neural engine, for gaps."""

    def __init__(self, prior: Prior, material: Material, temperature: float) -> None:
        self._prior, self._neural, self._temperature = prior, Neural(prior, material), temperature

    def fill(
        self,
        codes: Codes,
        lo: int,
        free: NDArray[np.bool_],
        *,
        creativity: float,
        focus: float,
        seed: int,
        watch: Watch = lambda _: True,
    ) -> Codes:
        """Grid `(Q, T)` with the free cells `(Q, n)` of the frames from `lo` on drawn again.

        The same codes come back if `watch`, called with each drawn frame, stops it.
        """
        settings = Settings(sampling=Sampling(temperature=warmed(self._temperature, creativity)), focus=focus)
        return self._neural.infill(codes, lo, lo + free.shape[1], seed, settings, free=free, watch=watch)

    def surprise(self, codes: Codes, heard: int) -> NDArray[np.float32]:
        """Bits of each cell of `(Q, T)` codes after the first `heard` frames, `(Q, T - heard)`."""
        return self._prior.surprise(codes, heard)

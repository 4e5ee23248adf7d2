"""Snap sampled frames to frames of the recordings: the coarsest level is sampled, the others become real.

A prior of minutes draws its finer levels almost at random, which is heard as grain. So for a snapped frame, the
recordings' frame whose partial latent (levels 0 and 1) is near the sampled one is found, rather the one after the frame
found last, and all levels but the coarsest are searched again so that their sum comes to that frame's whole latent.
Stretches of frames that follow one another have the decays of the recordings (docs/adr/0107-how-outputs-look.md).
"""

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.generation.material import Material

BODY = 2
"""Levels that a frame of the recordings is found by."""
KEPT = 1
"""Levels that stay as they were sampled."""
ONWARD = 12.0
"""Bonus, in nats, for the frame after the one found last."""
WIDTH = 0.06
"""Squared distance, as a share of the variance of partial latents, at which a frame is a factor e less likely."""
_STRETCH = 16  # mean frames of a stretch that is snapped or not


class Snapping:
    """Snaps grids to one material."""

    def __init__(self, material: Material) -> None:
        self._material = material
        levels = material.codec.config.levels
        self._body = list(range(min(BODY, levels)))
        self._kept, self._deeper = list(range(min(KEPT, levels))), list(range(KEPT, levels))
        self._partial = material.codec.dequantize(material.codes, levels=self._body)
        self._sizes = np.square(self._partial).sum(1)
        self._width = WIDTH * float(self._partial.var(0).sum()) or 1.0
        self._ends = np.zeros(material.frames, bool)
        for take in material.takes:
            self._ends[take.stop - 1] = True

    def snapped(self, codes: Codes, share: float, random: np.random.Generator) -> Codes:
        """A grid `(Q, T)` of which about `share` of the frames, in stretches, are snapped."""
        if share <= 0 or not self._deeper:
            return codes
        partial = self._material.codec.dequantize(codes, levels=self._body)
        chosen = _stretches(codes.shape[1], share, random)
        found = self._found(partial, random)
        snapped = codes.copy()
        kept = self._material.codec.dequantize(codes[:, chosen], levels=self._kept)
        target = self._material.latents[found[chosen]] - kept
        snapped[len(self._kept) :, chosen] = self._material.codec.quantize_levels(target, self._deeper)
        return snapped

    def _found(self, partial: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.int64]:
        """A frame of the material for each partial latent `(T, D)`: `(T,)`."""
        found = np.empty(len(partial), np.int64)
        last = -1
        for frame, latent in enumerate(partial):
            score = (2 * (self._partial @ latent) - self._sizes) / self._width
            if last >= 0 and not self._ends[last]:
                score[last + 1] += ONWARD
            chance = np.exp(score - score.max())
            last = int(np.searchsorted(chance.cumsum(), random.random() * chance.sum()))
            found[frame] = last = min(last, len(chance) - 1)
        return found


def _stretches(frames: int, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which frames to snap: stretches of about `_STRETCH` frames, `share` of them."""
    chosen, state = np.empty(frames, bool), random.random() < share
    for frame in range(frames):
        if random.random() < 1 / _STRETCH:
            state = random.random() < share
        chosen[frame] = state
    return chosen

"""Which codes to put into the cells of a second of sound so that its descriptors change by wanted amounts.

Every cell may go to a few codes near its own. The effect of a code on a descriptor is estimated as the derivative of
the descriptor by the frame's latent, times the difference of the vectors. Codes are taken one after another, each time
the one that brings the sum of all estimated effects nearest to what is wanted. A code costs its distance, so that few
cells change, and by little. The atlas has a veto, if it is measured: a code that surely goes the other way is never
taken.
"""

import numpy as np
from numpy.typing import NDArray

from daemon.atlas.directions import Direction
from daemon.atlas.table import Atlas
from daemon.codec.codec import Codec, Codes

MOST_TRIED = 512  # cells × codes below which a small selection may go to codes farther away
SHARE = 10  # one cell in so many may change at each choice
DISTANCE_COST = 0.2  # of a code that is as far from the cell's own as the latent is from zero
LEAST_GAIN = 1e-4

Real = NDArray[np.floating]


class Proposals:
    """The codes that C cells may hold: `codes` (C, R), nearest first, so that column 0 is what each cell holds now."""

    def __init__(
        self,
        codec: Codec,
        atlas: Atlas | None,
        codes: Codes,
        frames: NDArray[np.int64],
        levels: list[int],
        direction: Direction,
    ) -> None:
        self.frames = np.repeat(frames, len(levels))
        self.levels = np.tile(np.array(levels, np.int64), len(frames))
        self._vectors = {level: codec.codebook_vectors(level) for level in levels}
        self._direction = direction
        size = codec.config.codebook_size
        near = min(size, max(direction.near, MOST_TRIED // max(1, len(self.frames))))
        self.codes = np.empty((len(self.frames), near), np.int64)
        self._cost = np.empty(self.codes.shape, np.float32)
        self._banned = np.zeros(self.codes.shape, np.bool_)
        for level in levels:
            here = self.levels == level
            now = codes[level, self.frames[here]].astype(np.int64)
            self.codes[here], self._cost[here] = _near(self._vectors[level], now, near)
            self._banned[here] = _vetoed(atlas, level, now, self.codes[here], direction)
        energy = float(np.square(codec.dequantize(codes[:, frames])).sum(1).mean())
        self._cost *= DISTANCE_COST / max(energy, 1e-6)

    def effects(self, gradients: Real, frame_lo: int) -> Real:
        """Estimated effects (A, C, R) of every code, from gradients (A, n, D) of the frames from `frame_lo` on."""
        found = np.empty((len(gradients), *self.codes.shape), np.float32)
        for level, vectors in self._vectors.items():
            here = np.flatnonzero(self.levels == level)
            sums = gradients[:, self.frames[here] - frame_lo] @ vectors.T
            found[:, here] = np.take_along_axis(sums, self.codes[here][None], 2)
        return found - found[:, :, :1]

    def choose(self, effects: Real, wanted: Real, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Choose codes so that the effects sum up to what is wanted, (A,), on top of those of the codes chosen before.

        Args:
            chosen: the column of `codes` that each cell holds, (C,).

        Returns:
            The new columns, (C,).
        """
        chosen, left = chosen.copy(), wanted.astype(np.float32)
        rows, weights = np.arange(len(chosen)), self._direction.weights
        change = effects - effects[:, rows, chosen][:, :, None]
        price = self._cost - self._cost[rows, chosen][:, None]
        price += np.einsum("a,acr->cr", weights, np.square(change)) + np.where(self._banned, np.inf, 0)
        flat = change.reshape(len(effects), -1)
        for _ in range(max(4, len(chosen) // SHARE)):
            gains = 2 * (left * weights) @ flat - price.reshape(-1)
            best = int(gains.argmax())
            if gains[best] <= LEAST_GAIN:
                break
            cell, column = divmod(best, self.codes.shape[1])
            left -= change[:, cell, column]
            change[:, cell] -= change[:, cell, column][:, None].copy()
            price[cell] = self._cost[cell] - self._cost[cell, column] + weights @ np.square(change[:, cell])
            price[cell, self._banned[cell]] = np.inf
            chosen[cell] = column
        return chosen

    def put(self, codes: Codes, chosen: NDArray[np.int64]) -> None:
        """Write the chosen codes into a grid."""
        codes[self.levels, self.frames] = self.codes[np.arange(len(chosen)), chosen]


def _near(vectors: Real, codes: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], Real]:
    """The `count` codes nearest to each code, (n, count), itself first, and their squared distances."""
    present, which = np.unique(codes, return_inverse=True)
    distances = np.square(vectors[present][:, None] - vectors[None]).sum(-1)
    distances[np.arange(len(present)), present] = -1
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return order[which], np.maximum(np.take_along_axis(distances, order, 1), 0)[which]


def _vetoed(
    atlas: Atlas | None, level: int, codes: NDArray[np.int64], others: NDArray[np.int64], direction: Direction
) -> NDArray[np.bool_]:
    """Which of the other codes (n, R) surely go the other way than wanted from each code, (n,), by the atlas."""
    if atlas is None:
        return np.zeros(others.shape, np.bool_)
    present, which = np.unique(codes, return_inverse=True)
    wrong = np.stack([atlas.surely(level, int(code), direction.descriptor, -direction.sign) for code in present])
    return np.take_along_axis(wrong[which], others, 1)

"""Directions of sound: a descriptor and a sign, what holds still meanwhile, and which codes lead there.

`nudge` moves cells along a direction by derivatives of the decoder and asks the atlas for a veto (`Atlas.surely`).
Sampling leans towards the codes that lead there (`leanings`). Both name a direction and what it must not change here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.atlas.descriptors import DESCRIPTORS
from daemon.atlas.table import Atlas

HELD = ("loudness", "brightness", "roughness", "attack")
"""Descriptors that stay when another is wanted: the ones that a listener tells apart."""
_RIDGE = 0.05

Real = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Direction:
    """A direction of the atlas: a descriptor, its column, and the sign.

    weights: what an error costs, (A,). near: how many codes, nearest to its own, a cell may go to.
    """

    descriptor: str
    column: int
    sign: int
    weights: Real
    near: int


def direction_to(descriptor: str, sign: int, *, near: int, weights: Mapping[str, float], others: float) -> Direction:
    """A direction with what an error of each descriptor costs: `others` where `weights` does not name it."""
    costs = np.array([weights.get(name, others) for name in DESCRIPTORS], np.float32)
    return Direction(descriptor=descriptor, column=DESCRIPTORS.index(descriptor), sign=sign, weights=costs, near=near)


def leanings(atlas: Atlas, wanted: Mapping[str, float]) -> NDArray[np.float64]:
    """How far each code leads where it is wanted and nowhere else, `(Q, K)`, in standard deviations of its level.

    Effects of codes on the wanted descriptors are added up, and what the effects on `HELD` explain of the sum is taken
    away, level by level, each code counted by its use. Descriptors count by their reliability on the level.

    Args:
        wanted: how much of each descriptor is wanted; those that the atlas does not know are left out.
    """
    known = {name: value for name, value in wanted.items() if name in atlas.descriptors and value}
    held = [atlas.index(name) for name in HELD if name not in known and name in atlas.descriptors]
    scale = atlas.between[:, None] + 1e-6
    effects = (atlas.mean / scale).astype(np.float64)
    trusted = np.clip(atlas.reliability, 0.0, 1.0).astype(np.float64)
    use = atlas.usage.astype(np.float64) + 1.0
    made = np.zeros(effects.shape[:2])
    for level, (rows, weight) in enumerate(zip(effects, use / use.sum(-1, keepdims=True), strict=True)):
        columns = [atlas.index(name) for name in known]
        sums = rows[:, columns] @ (np.array(list(known.values())) * trusted[level, columns])
        made[level] = _without(sums, rows[:, held], weight)
    return made


def _without(sums: Real, others: Real, weight: Real) -> Real:
    """What is left of `(K,)` sums when what `(K, H)` others explain is taken away."""
    centred, around = sums - weight @ sums, others - weight @ others
    weighted = around * weight[:, None]
    gram = around.T @ weighted + _RIDGE * np.eye(around.shape[1])
    return centred - around @ np.linalg.solve(gram, weighted.T @ centred)

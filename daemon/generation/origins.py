"""Whose recordings an engine takes for each of its choices, where two models' material is joined."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Which takes of joined material are the second model's, and how often they are drawn."""

    first_take: int
    """Index of the first take of the second model."""
    share: float
    """Share of the second model, 0 to 1."""

    def drawn(self, takes: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.bool_]:
        """Which of some pieces, of these takes `(N,)`, to choose from now: those of one model, never none of them."""
        is_other = takes >= self.first_take
        chosen = is_other if random.random() < self.share else ~is_other
        return chosen if chosen.any() else np.ones(len(takes), bool)

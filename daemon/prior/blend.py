"""Two priors at once: a mixture of what they expect, or one of them turned away from the other.

A share from 0 to 1 mixes the probabilities, p = (1 - share) a + share b. A share below 0 contrasts them,

    p ~ a (a / b) ^ -share,

so what both expect stays and what is the first one's own is exaggerated. The ratio a / b is limited to `MOST_NATS`
either way: where b is nearly 0 the rarest codes would win. Reference: X. L. Li et al., "Contrastive decoding", 2023.
Deviation: the ratio is limited, where they leave out all codes that are unlikely by themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.prior.prior import Prior

MOST_NATS = 2.0
"""Largest logarithm of the ratio of two probabilities in a contrast."""

Real = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Blend:
    """A second prior of the same codec, and its share."""

    prior: Prior
    share: float
    """From -1 (as far away as it goes) to 1 (it alone)."""
    warmth: float = 1.0
    """Its calibrated temperature over that of the first prior."""
    heard: NDArray[np.integer] | None = None
    """Codes `(Q, T)` that it hears before each sequence, which its copies can quote; None for none."""


def mixed(first: Real, second: Real, share: float) -> Real:
    """Probabilities `(B, K)` of two priors as one; both sum to 1, the result need not."""
    if share >= 0:
        return (1 - share) * first + share * second
    ratio = np.log(np.maximum(first, 1e-300)) - np.log(np.maximum(second, 1e-300))
    return first * np.exp(-share * np.clip(ratio, -MOST_NATS, MOST_NATS))

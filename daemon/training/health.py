"""Rate the health of codebooks by the usage of their codes, with advice in plain words."""

import numpy as np
from numpy.typing import NDArray

from daemon.runs.reports import Health, LevelReport

COLLAPSED = 0.5
"""During training, unused codes are moved in levels that use a smaller share of their codes than this."""


def level_report(counts: NDArray[np.int64], commitment: float, live_utilisation: float = 0.0) -> LevelReport:
    """Report on one level from how often each code was used over the training set, `(K,)`."""
    shares = counts[counts > 0] / max(1, counts.sum())
    perplexity = float(np.exp(-(shares * np.log(shares)).sum()))
    utilisation = float((counts > 0).mean())
    health, advice = _judge(utilisation, perplexity, len(counts))
    return LevelReport(
        utilisation=utilisation,
        perplexity=perplexity,
        entropy_bits=float(np.log2(perplexity)),
        dead_codes=int((counts == 0).sum()),
        commitment=commitment,
        health=health,
        advice=advice,
        live_utilisation=live_utilisation,
    )


def _judge(utilisation: float, perplexity: float, codebook_size: int) -> tuple[Health, str]:
    if utilisation < 0.3 or perplexity < 0.05 * codebook_size:
        return "collapsing", f"use a smaller codebook (--codebook {max(2, codebook_size // 4)}) or add recordings"
    if utilisation < 0.7:
        return "thin", f"more audio would fill it; --codebook {max(2, codebook_size // 2)} would fit this much"
    return "healthy", ""

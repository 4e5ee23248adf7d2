"""Cells that take the smallest step which surely makes the sound more of something.

The atlas says which codes lie surely further in a direction (`daemon.atlas.table.Atlas.surely`): in at least nine
tenths of the contexts, and clearly. Among those the one whose vector is nearest is taken, so that
little else changes. Codes whose effect is unknown are never chosen, and a cell from which nothing surely lies further
stays.
"""

import numpy as np

from daemon.atlas.table import Atlas
from daemon.codec.codec import Codec, Codes


def nudge(codec: Codec, atlas: Atlas, codes: Codes, *, top: int, descriptor: str, sign: int, by: int) -> Codes:
    """Step each cell towards more (sign +1) or less (−1) of a descriptor.

    Args:
        codes: (q, T), levels [top, top + q).
        by: so many steps, each from where the one before led; fewer where nothing lies further.

    Returns:
        (q, T) uint16.
    """
    after = codes.copy()
    for row, level in enumerate(range(top, top + len(codes))):
        vectors = codec.codebook_vectors(level)
        steps: dict[int, int] = {}
        present, which = np.unique(codes[row], return_inverse=True)
        reached = [_walk(atlas, vectors, level, int(code), (descriptor, sign, by), steps) for code in present]
        after[row] = np.array(reached, np.uint16)[which]
    return after


def _walk(
    atlas: Atlas, vectors: np.ndarray, level: int, code: int, wish: tuple[str, int, int], steps: dict[int, int]
) -> int:
    """Where `by` steps from a code lead; `steps` remembers those already found on this level."""
    descriptor, sign, by = wish
    for _ in range(by):
        if code not in steps:
            steps[code] = _step(atlas, vectors, level, code, descriptor, sign)
        if steps[code] == code:
            break
        code = steps[code]
    return code


def _step(atlas: Atlas, vectors: np.ndarray, level: int, code: int, descriptor: str, sign: int) -> int:
    further = np.flatnonzero(atlas.surely(level, code, descriptor, sign))
    if not further.size:
        return code
    distances = np.square(vectors[further] - vectors[code]).sum(1)
    return int(further[distances.argmin()])  # the first of equals: the same edit always has the same outcome

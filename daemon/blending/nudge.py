"""Changes cells by the smallest step that certainly moves the sound in a direction, such as brighter.

The atlas tells which codes are certainly further in a direction (`daemon.atlas.table.Atlas.surely`): clearly, and in at
least nine tenths of the contexts. Of those, the code with the nearest vector is chosen, so that other qualities change
little. Codes whose effect is unknown are never chosen. If no code is certainly further, the cell is not changed.
"""

import numpy as np

from daemon.atlas.table import Atlas
from daemon.codec.codec import Codec, Codes


def nudge(codec: Codec, atlas: Atlas, codes: Codes, *, top: int, descriptor: str, sign: int, by: int) -> Codes:
    """Step each cell towards more (sign +1) or less (−1) of a descriptor.

    Args:
        codes: (q, T), levels [top, top + q).
        by: the number of steps, each from the result of the one before; fewer if no code is further.

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
    atlas: Atlas, vectors: np.ndarray, level: int, code: int, step: tuple[str, int, int], steps: dict[int, int]
) -> int:
    """The code that is reached from a code by a number of steps. `steps` caches the steps of this level."""
    descriptor, sign, by = step
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
    return int(further[distances.argmin()])  # the first of equals, so that the same edit always has the same result

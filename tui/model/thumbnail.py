"""A waveform of a whole strand in a few rows of block characters, for lists."""

import numpy as np
import numpy.typing as npt

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = len(BLOCKS) - 1


def thumbnail(peaks: npt.NDArray[np.float32], columns: int, rows: int) -> list[str]:
    """Return the rows of a picture, top first. Unknown peaks (NaN) are blank, silence is a thin line.

    Args:
        peaks: the peak of every frame in [0, 1].
        columns: the widest that the picture may be; a frame is at most one column wide.
    """
    columns = min(columns, len(peaks))
    if columns < 1:
        return []
    starts = np.arange(columns) * len(peaks) // columns
    known = np.where(np.isnan(peaks), -1.0, peaks)
    highest = np.maximum.reduceat(known, starts)
    steps = np.maximum(1, np.rint(np.sqrt(np.clip(highest, 0.0, 1.0)) * STEPS * rows).astype(int))
    steps[highest < 0] = 0
    return ["".join(BLOCKS[step] for step in np.clip(steps - STEPS * row, 0, STEPS)) for row in reversed(range(rows))]

"""Finding codes: a run on one level as typed, or the cells of a selection wherever they come again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocol.errors import AlleleError
from protocol.ranges import Rect
from protocol.strands import Codes

MOST_CODES = 256


@dataclass(frozen=True)
class Sought:
    """Cells to find: (q, n) int32 from `level` on, -1 for any code."""

    level: int
    cells: npt.NDArray[np.int32]

    @property
    def words(self) -> str:
        """`12 . 4 on q1`, or the size of a rectangle."""
        height, width = self.cells.shape
        if height > 1 or width > 8:
            return f"{height} × {width} cells from q{self.level} on"
        return f"{' '.join('.' if code < 0 else str(code) for code in self.cells[0])} on q{self.level}"


def is_code(text: str, codebook: int) -> bool:
    """Is a text as typed one of a level's codes?"""
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < codebook


def read_sought(text: str, level: int, codebook: int) -> Sought:
    """A run of codes on a level; `.` is any code.

    Raises:
        AlleleError: E_BAD_EDIT, naming the word that is no code.
    """
    words = text.replace(",", " ").split()
    for word in words:
        if word != "." and not is_code(word, codebook):
            raise AlleleError(
                "E_BAD_EDIT", f"{word[:20]!r} is no code", hint=f"codes go from 0 to {codebook - 1}, . is any"
            )
    if not words or len(words) > MOST_CODES or all(word == "." for word in words):
        raise AlleleError("E_BAD_EDIT", "nothing to find", hint="a code or a run of codes, as in 17 . 4")
    return Sought(level, np.array([[-1 if word == "." else int(word) for word in words]], dtype=np.int32))


def sought_in(codes: Codes, rect: Rect) -> Sought:
    """The cells of a rectangle."""
    part = codes[rect.index]
    return Sought(rect.levels.first, part.astype(np.int32)[:, :MOST_CODES])


def places(sought: Sought, codes: Codes) -> npt.NDArray[np.int64]:
    """Every frame at which the cells begin, in order."""
    height, width = sought.cells.shape
    frames = codes.shape[1] - width + 1
    if sought.level + height > codes.shape[0] or frames < 1:
        return np.zeros(0, dtype=np.int64)
    found = np.ones(frames, dtype=np.bool_)
    for row in range(height):
        line = codes[sought.level + row]
        for column in range(width):
            if (code := int(sought.cells[row, column])) >= 0:
                found &= line[column : column + frames] == code
    return np.flatnonzero(found)


def step(found: npt.NDArray[np.int64], frame: int, count: int) -> tuple[int, int] | None:
    """The count-th place after (before, when negative) a frame, round the end: (frame, which one of them)."""
    if not len(found):
        return None
    at = int(np.searchsorted(found, frame, side="right" if count > 0 else "left"))
    which = (at + count - 1 if count > 0 else at + count) % len(found)
    return int(found[which]), which


def onsets(peaks: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Frames at which the sound sets in: at least 6 dB above each of the three frames before, and above -46 dB.

    Args:
        peaks: (T,) in [0, 1], NaN where nothing is known: there and just after it nothing is an onset.
    """
    past = np.concatenate([np.zeros(3, np.float32), peaks])
    before = np.stack([past[2 - k : len(past) - 1 - k] for k in range(3)]).max(axis=0)
    with np.errstate(invalid="ignore"):
        rises = (peaks > 2.0 * before) & (peaks > 0.005)
    return np.flatnonzero(rises & np.concatenate([[True], ~rises[:-1]])) if len(peaks) else np.zeros(0, np.int64)

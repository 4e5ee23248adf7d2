"""Search for codes: a typed sequence on one level, or the cells of a selection."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocol.errors import AlleleError
from protocol.ranges import Rect
from protocol.strands import Codes

MOST_CODES = 256


@dataclass(frozen=True)
class Sought:
    """The cells to find: (q, n) int32 from `level` on; -1 matches any code."""

    level: int
    cells: npt.NDArray[np.int32]

    @property
    def words(self) -> str:
        """Return the search as text: `12 . 4 on q1`, or the size of a rectangle."""
        height, width = self.cells.shape
        if height > 1 or width > 8:
            return f"{height} × {width} cells from q{self.level} on"
        return f"{' '.join('.' if code < 0 else str(code) for code in self.cells[0])} on q{self.level}"


def is_code(text: str, codebook: int) -> bool:
    """Return whether a typed text is the number of a code of a level."""
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < codebook


def read_sought(text: str, level: int, codebook: int) -> Sought:
    """Parse a sequence of codes on a level; `.` matches any code.

    Raises:
        AlleleError: E_BAD_EDIT, naming the word that is not a code.
    """
    words = text.replace(",", " ").split()
    for word in words:
        if word != "." and not is_code(word, codebook):
            raise AlleleError(
                "E_BAD_EDIT", f"{word[:20]!r} is not a code", hint=f"codes are 0 to {codebook - 1}; . is any code"
            )
    if not words or len(words) > MOST_CODES or all(word == "." for word in words):
        raise AlleleError("E_BAD_EDIT", "nothing to find", hint="give a code or a sequence of codes, such as 17 . 4")
    return Sought(level, np.array([[-1 if word == "." else int(word) for word in words]], dtype=np.int32))


def sought_in(codes: Codes, rect: Rect) -> Sought:
    """Return a search for the cells of a rectangle."""
    part = codes[rect.index]
    return Sought(rect.levels.first, part.astype(np.int32)[:, :MOST_CODES])


def places(sought: Sought, codes: Codes) -> npt.NDArray[np.int64]:
    """Return every frame at which a match begins, in ascending order."""
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
    """Return the count-th match after a frame (before it, when negative) and its index. The search wraps around."""
    if not len(found):
        return None
    at = int(np.searchsorted(found, frame, side="right" if count > 0 else "left"))
    which = (at + count - 1 if count > 0 else at + count) % len(found)
    return int(found[which]), which

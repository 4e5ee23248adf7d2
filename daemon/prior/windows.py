"""The windows in which a prior scores codes: each has frames that are scored, and before them frames that are heard.

The time and memory of a window grow with its square, so a long strand is scored window by window. What a cell costs
depends on its window alone: an edit changes the score of its own window from the edit on, and perhaps of the next one.
"""

from typing import NamedTuple

HEARD_FRAMES = 192
"""Frames before a window that are its past, 4.1 s."""
SCORED_FRAMES = 576
"""Frames of a window, 12.3 s."""


class Window(NamedTuple):
    """Frames [first, past) that are scored, after hearing those from `heard_from` on."""

    heard_from: int
    first: int
    past: int

    @property
    def heard(self) -> int:
        """The number of frames that are heard and not scored."""
        return self.first - self.heard_from


def windows_of(first: int, past: int) -> Window:
    """Whole windows, as one, from that of frame `first` up to frame `past`."""
    begins = first // SCORED_FRAMES * SCORED_FRAMES
    return Window(max(0, begins - HEARD_FRAMES), begins, past)

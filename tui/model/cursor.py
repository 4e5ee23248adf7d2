"""The cursor, the selection, and the vim-like motions.

These are immutable values: a motion takes a cursor and returns another one inside the strand. Levels count downwards
on screen (0 on top), frames to the right. A selection is the rectangle between an anchor and the cursor, including
both corners; `protocol.ranges.Rect` is the form that edits use.
"""

from dataclasses import dataclass, replace

import numpy as np

from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import Codes


@dataclass(frozen=True)
class Cursor:
    """The position of one cell: a level and a frame."""

    level: int = 0
    frame: int = 0

    def inside(self, levels: int, frames: int) -> "Cursor":
        """Return the nearest cell of a strand of this size."""
        return Cursor(min(max(0, self.level), max(0, levels - 1)), min(max(0, self.frame), max(0, frames - 1)))


@dataclass(frozen=True)
class Selection:
    """A rectangle between an anchor cell and the cursor."""

    anchor: Cursor
    all_levels: bool = False

    def rect(self, cursor: Cursor, levels: int) -> Rect:
        """Return the selected rectangle for a cursor."""
        first, last = sorted((self.anchor.frame, cursor.frame))
        low, high = (0, levels - 1) if self.all_levels else sorted((self.anchor.level, cursor.level))
        return Rect(LevelRange(low, high), FrameRange(first, last + 1))


def move(cursor: Cursor, motion: str, count: int | None, codes: Codes, page_frames: int, zoom: int = 1) -> Cursor:
    """Return the cursor after a motion.

    Args:
        motion: left right up down start end first_level last_level page_left page_right next_change prev_change frame.
        count: the number typed before the motion, or None.
        page_frames: number of frames that one page shows.
        zoom: frames per cell, by which left and right move.
    """
    levels, frames = codes.shape
    n = 1 if count is None else count
    steps = {
        "left": (0, -n * zoom),
        "right": (0, n * zoom),
        "up": (-n, 0),
        "down": (n, 0),
        "page_left": (0, -n * page_frames),
        "page_right": (0, n * page_frames),
    }
    if motion in steps:
        down, right = steps[motion]
        moved = Cursor(cursor.level + down, cursor.frame + right)
    elif motion in ("next_change", "prev_change"):
        moved = _to_change(cursor, codes, n if motion == "next_change" else -n)
    else:
        moved = {
            "start": replace(cursor, frame=0),
            "end": replace(cursor, frame=frames - 1),
            "first_level": replace(cursor, level=0 if count is None else count),
            "last_level": replace(cursor, level=levels - 1 if count is None else count),
            "frame": replace(cursor, frame=0 if count is None else count),
        }[motion]
    return moved.inside(levels, frames)


def _to_change(cursor: Cursor, codes: Codes, n: int) -> Cursor:
    """Move to the n-th next (or previous) frame at which the code on the cursor's level changes."""
    row = codes[cursor.level]
    starts = np.concatenate(([0], np.flatnonzero(row[1:] != row[:-1]) + 1))
    if n > 0:
        later = starts[starts > cursor.frame]
        frame = int(later[min(n, len(later)) - 1]) if len(later) else len(row) - 1
    else:
        earlier = starts[starts < cursor.frame]
        frame = int(earlier[max(n, -len(earlier))]) if len(earlier) else 0
    return replace(cursor, frame=frame)


def grown(rect: Rect | None, cursor: Cursor, codes: Codes) -> Rect:
    """Return the next larger selection: the cell, the frames around it with the same code, its level, everything."""
    levels, frames = codes.shape
    row = codes[cursor.level]
    other = np.flatnonzero(row != row[cursor.frame])
    before, after = other[other < cursor.frame], other[other > cursor.frame]
    first = int(before[-1]) + 1 if len(before) else 0
    past = int(after[0]) if len(after) else frames
    own_level = LevelRange(cursor.level, cursor.level)
    steps = [
        Rect(own_level, FrameRange(cursor.frame, cursor.frame + 1)),
        Rect(own_level, FrameRange(first, past)),
        Rect(own_level, FrameRange(0, frames)),
        Rect(LevelRange(0, levels - 1), FrameRange(0, frames)),
    ]
    wider = (step for step in steps if rect is None or step.height * step.width > rect.height * rect.width)
    return next(wider, steps[-1])

"""Ranges of levels and frames, as the edit grammar, messages and both sides mean them.

Frames are half-open and levels inclusive, as in `q0-3 @10:40`: levels 0, 1, 2 and 3, frames 10 up to 39. On the wire a
range is an array of two integers. A range that goes to the end of a strand has END as its `past`.
"""

from dataclasses import dataclass

import msgspec

END = 2**31 - 1  # more frames than a strand can have: to the end, however long it is


class FrameRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Frames [first, past), as an array of two; a missing `past`, or 2147483647, means to the end of the strand."""

    first: int = 0
    past: int = END

    def __len__(self) -> int:
        return max(0, self.past - self.first)

    def __contains__(self, frame: int) -> bool:
        return self.first <= frame < self.past

    def __str__(self) -> str:
        return f"@{self.first}:{'' if self.is_open else self.past}"

    @property
    def is_open(self) -> bool:
        """Whether the range goes to the end of the strand."""
        return self.past == END

    @property
    def index(self) -> slice:
        """The range as an index into the last axis of codes (Q, T)."""
        return slice(self.first, self.past)

    def until(self, total: int) -> "FrameRange":
        """The range with its end filled in, for a strand of so many frames."""
        return FrameRange(self.first, total) if self.is_open else self

    def inside(self, total: int) -> "FrameRange":
        """The range cropped to a strand of so many frames; at least one frame is left."""
        first = min(self.first, total - 1)
        return FrameRange(first, min(max(self.past, first + 1), total))

    def shared(self, other: "FrameRange") -> "FrameRange":
        """The frames that are in both ranges; empty where they do not overlap."""
        first = max(self.first, other.first)
        return FrameRange(first, max(first, min(self.past, other.past)))


class LevelRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Levels first to last, both included, as an array of two."""

    first: int
    last: int

    def __len__(self) -> int:
        return max(0, self.last - self.first + 1)

    def __contains__(self, level: int) -> bool:
        return self.first <= level <= self.last

    def __str__(self) -> str:
        return f"q{self.first}" if self.first == self.last else f"q{self.first}-{self.last}"

    @property
    def numbers(self) -> range:
        """The levels, one after another."""
        return range(self.first, self.last + 1)

    @property
    def index(self) -> slice:
        """The range as an index into the first axis of codes (Q, T)."""
        return slice(self.first, self.last + 1)

    def inside(self, total: int) -> "LevelRange":
        """The range cropped to a strand of so many levels; at least one level is left."""
        last = min(self.last, total - 1)
        return LevelRange(min(self.first, last), last)


def level_range(first: str, last: str | None) -> LevelRange:
    """Levels by their digits; without a last one it is the first alone."""
    return LevelRange(int(first), int(last or first))


def frame_range(first: str, past: str) -> FrameRange:
    """Frames by their digits, either of which may be missing."""
    return FrameRange(int(first or 0), int(past) if past else END)


@dataclass(frozen=True)
class Rect:
    """Cells of a strand: every one of some levels and frames."""

    levels: LevelRange
    frames: FrameRange

    def __str__(self) -> str:
        return f"{self.levels} {self.frames}"

    @property
    def height(self) -> int:
        """How many levels."""
        return len(self.levels)

    @property
    def width(self) -> int:
        """How many frames."""
        return len(self.frames)

    @property
    def index(self) -> tuple[slice, slice]:
        """The cells as an index into codes (Q, T)."""
        return self.levels.index, self.frames.index

    def first_frames(self, count: int) -> "Rect":
        """As many of its frames, from the first on."""
        return Rect(self.levels, FrameRange(self.frames.first, self.frames.first + count))

    def inside(self, levels: int, frames: int) -> "Rect":
        """Cropped to a strand of that size; at least one cell is left."""
        return Rect(self.levels.inside(levels), self.frames.inside(frames))

    def holds(self, level: int, frame: int) -> bool:
        """Whether a cell is one of these."""
        return level in self.levels and frame in self.frames

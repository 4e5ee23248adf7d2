"""Ranges of levels and frames, as the edit grammar and the messages define them.

Frames are half-open and levels inclusive, as in `q0-3 @10:40`: levels 0, 1, 2 and 3, frames 10 up to 39. On the wire a
range is an array of two integers. A range that goes to the end of a strand has END as its `past`.
"""

from dataclasses import dataclass

import msgspec

END = 2**31 - 1  # more frames than a strand can have: to the end, however long it is


class FrameRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Frames [first, past), sent as an array of two. A missing `past`, or 2147483647, is the end of the strand."""

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
        """Whether the range has no bound of its own and extends to the end of the strand."""
        return self.past == END

    @property
    def index(self) -> slice:
        """The range as an index into the last axis of codes (Q, T)."""
        return slice(self.first, self.past)

    def until(self, total: int) -> "FrameRange":
        """The range with its end filled in for a strand of `total` frames."""
        return FrameRange(self.first, total) if self.is_open else self

    def inside(self, total: int) -> "FrameRange":
        """The range cropped to a strand of `total` frames. At least one frame is kept."""
        first = min(self.first, total - 1)
        return FrameRange(first, min(max(self.past, first + 1), total))

    def shared(self, other: "FrameRange") -> "FrameRange":
        """The frames that are in both ranges; empty if they do not overlap."""
        first = max(self.first, other.first)
        return FrameRange(first, max(first, min(self.past, other.past)))


class SampleRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Samples [first, past) of a sound, sent as an array of two."""

    first: int
    past: int


class LevelRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Levels `first` to `last`, both included, sent as an array of two."""

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
        """The numbers of all levels in the range."""
        return range(self.first, self.last + 1)

    @property
    def index(self) -> slice:
        """The range as an index into the first axis of codes (Q, T)."""
        return slice(self.first, self.last + 1)

    def inside(self, total: int) -> "LevelRange":
        """The range cropped to a strand of `total` levels. At least one level is kept."""
        last = min(self.last, total - 1)
        return LevelRange(min(self.first, last), last)


def level_range(first: str, last: str | None) -> LevelRange:
    """Read a range of levels from its digits. Without `last` it is one level."""
    return LevelRange(int(first), int(last or first))


@dataclass(frozen=True)
class Rect:
    """A rectangle of cells of a strand: all cells of a range of levels and a range of frames."""

    levels: LevelRange
    frames: FrameRange

    def __str__(self) -> str:
        return f"{self.levels} {self.frames}"

    @property
    def height(self) -> int:
        """The number of levels in the rectangle."""
        return len(self.levels)

    @property
    def width(self) -> int:
        """The number of frames in the rectangle."""
        return len(self.frames)

    @property
    def index(self) -> tuple[slice, slice]:
        """The cells as an index into codes (Q, T)."""
        return self.levels.index, self.frames.index

    def first_frames(self, count: int) -> "Rect":
        """The same levels, and only the first `count` frames."""
        return Rect(self.levels, FrameRange(self.frames.first, self.frames.first + count))

    def inside(self, levels: int, frames: int) -> "Rect":
        """The rectangle cropped to a strand of the given size. At least one cell is kept."""
        return Rect(self.levels.inside(levels), self.frames.inside(frames))

    def holds(self, level: int, frame: int) -> bool:
        """Whether a cell is inside the rectangle."""
        return level in self.levels and frame in self.frames

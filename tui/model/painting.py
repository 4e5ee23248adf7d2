"""Paint mode: codes are typed along time, and each is written when it is complete. Does no I/O.

Digits form a code. Space (or Enter or a comma) writes it and moves one frame on; without digits it writes the last
code again. `.` skips a frame, Backspace deletes a digit, and Esc or the key that started paint mode ends it.
"""

from dataclasses import dataclass, field

from protocol.edits import Edit
from protocol.ranges import FrameRange, LevelRange

WRITES = ("space", "enter", ",")
MOST_DIGITS = 5


@dataclass
class Painting:
    """The state of paint mode. `strokes` are the codes painted since it started, "." for a skipped frame."""

    levels: LevelRange | None = None
    first: int = 0
    typed: str = ""
    code: str = ""
    strokes: list[str] = field(default_factory=list[str])

    @property
    def is_on(self) -> bool:
        return self.levels is not None

    def begin(self, levels: LevelRange, first: int) -> None:
        """Start paint mode at a frame on some levels."""
        self.levels, self.first, self.typed, self.strokes = levels, first, "", []

    def end(self) -> None:
        """End paint mode. Painted cells stay."""
        self.levels, self.typed = None, ""

    def type(self, key: str) -> bool:
        """Handle a digit or Backspace. Returns False for another key."""
        if len(key) == 1 and key in "0123456789":
            self.typed = (self.typed + key)[:MOST_DIGITS]
        elif key == "backspace":
            self.typed = self.typed[:-1]
        else:
            return False
        return True

    def stroke(self, frame: int, code: str) -> Edit | None:
        """Record a painted frame, or a skipped one (code "."). Returns all strokes as one edit that can be repeated."""
        self.typed = ""
        if frame != self.first + len(self.strokes):
            self.first, self.strokes = frame, []
        self.strokes.append(code)
        if code != ".":
            self.code = code
        if self.levels is None or all(stroke == "." for stroke in self.strokes):
            return None
        frames = FrameRange(self.first, self.first + len(self.strokes))
        return Edit(op="paint", args=[",".join(self.strokes)], levels=self.levels, frames=frames)

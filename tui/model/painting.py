"""Paint mode: codes typed along time, each written as it is finished. Pure; the screen sends and draws.

Digits gather, Space (or Enter or a comma) writes them and goes a frame on; with no digits the last code is written
again. `.` goes on without writing, Backspace takes a digit back, Esc or the key that began it ends.
"""

from dataclasses import dataclass, field

from protocol.edits import Edit
from protocol.ranges import FrameRange, LevelRange

WRITES = ("space", "enter", ",")
MOST_DIGITS = 5


@dataclass
class Painting:
    """What is being painted. strokes: what was since it began, "." for a cell that was skipped."""

    levels: LevelRange | None = None
    first: int = 0
    typed: str = ""
    code: str = ""
    strokes: list[str] = field(default_factory=list[str])

    @property
    def is_on(self) -> bool:
        return self.levels is not None

    def begin(self, levels: LevelRange, first: int) -> None:
        """Start at a frame."""
        self.levels, self.first, self.typed, self.strokes = levels, first, "", []

    def end(self) -> None:
        """Leave; what was painted stays."""
        self.levels, self.typed = None, ""

    def type(self, key: str) -> bool:
        """A digit or Backspace. False: it is neither."""
        if len(key) == 1 and key in "0123456789":
            self.typed = (self.typed + key)[:MOST_DIGITS]
        elif key == "backspace":
            self.typed = self.typed[:-1]
        else:
            return False
        return True

    def stroke(self, frame: int, code: str) -> Edit | None:
        """A cell was painted or, with ".", left out; the whole as one edit, for `.` to repeat. None: nothing yet."""
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

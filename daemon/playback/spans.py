"""Which frames a playback plays while its strand changes its length: a range that is moved, stretched, kept alive."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Frames [first, past)."""

    first: int
    past: int

    def resized(self, lo: int, before: int, after: int) -> "Span":
        """The same sound after `before` frames from `lo` on gave place to `after`.

        What is inserted at a range's end belongs to it, as the copies of a looped bar do.
        """
        past = self.past if before and self.past <= lo else _moved(self.past, lo, before, after)
        return Span(self.first if self.first <= lo else _moved(self.first, lo, before, after), past)

    def inside(self, frames: int) -> "Span":
        """Cropped to a strand of so many frames; at least one is left."""
        first = min(self.first, frames - 1)
        return Span(first, min(max(self.past, first + 1), frames))


def _moved(frame: int, lo: int, before: int, after: int) -> int:
    """Where a border goes: behind the change by its growth, inside it by the same share, before it nowhere."""
    if frame < lo:
        return frame
    return frame + after - before if frame >= lo + before else lo + (frame - lo) * after // before

"""The range of frames that a playback plays, adjusted while its strand changes length."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """The half-open range of frames [first, past)."""

    first: int
    past: int

    def resized(self, lo: int, before: int, after: int) -> "Span":
        """The range of the same sound after `before` frames at `lo` were replaced by `after` frames.

        Frames inserted at the end of the range become part of it, such as the copies of a looped bar.
        """
        past = self.past if before and self.past <= lo else _moved(self.past, lo, before, after)
        return Span(self.first if self.first <= lo else _moved(self.first, lo, before, after), past)

    def inside(self, frames: int) -> "Span":
        """The range cropped to a strand of `frames` frames, at least one frame long."""
        first = min(self.first, frames - 1)
        return Span(first, min(max(self.past, first + 1), frames))


def _moved(frame: int, lo: int, before: int, after: int) -> int:
    """New position of a range's boundary: shifted after the change, scaled inside it, unchanged before it."""
    if frame < lo:
        return frame
    return frame + after - before if frame >= lo + before else lo + (frame - lo) * after // before

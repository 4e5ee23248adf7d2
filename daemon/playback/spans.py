"""Adjust the range of frames that a playback plays while its strand changes length."""

from protocol.ranges import FrameRange


def resized(frames: FrameRange, lo: int, before: int, after: int) -> FrameRange:
    """The range of the same sound after `before` frames at `lo` were replaced by `after` frames.

    Frames inserted at the end of the range become part of it, such as the copies of a looped bar.
    """
    past = frames.past if before and frames.past <= lo else _moved(frames.past, lo, before, after)
    return FrameRange(frames.first if frames.first <= lo else _moved(frames.first, lo, before, after), past)


def _moved(frame: int, lo: int, before: int, after: int) -> int:
    """New position of a range's boundary: shifted after the change, scaled inside it, unchanged before it."""
    if frame < lo:
        return frame
    return frame + after - before if frame >= lo + before else lo + (frame - lo) * after // before

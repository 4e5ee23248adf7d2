"""Which frames a playback plays while its strand changes its length."""

from protocol.ranges import FrameRange


def resized(frames: FrameRange, lo: int, before: int, after: int) -> FrameRange:
    """Where the sound of some frames lies after `before` frames from `lo` on gave place to `after`.

    What is inserted at a range's end belongs to it, as the copies of a looped bar do.
    """
    past = frames.past if before and frames.past <= lo else _moved(frames.past, lo, before, after)
    return FrameRange(frames.first if frames.first <= lo else _moved(frames.first, lo, before, after), past)


def _moved(frame: int, lo: int, before: int, after: int) -> int:
    """Where a border goes: behind the change by its growth, inside it by the same share, before it nowhere."""
    if frame < lo:
        return frame
    return frame + after - before if frame >= lo + before else lo + (frame - lo) * after // before

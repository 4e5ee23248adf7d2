"""Ranges of frames follow their sound while a strand changes its length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.playback.spans import resized
from protocol.ranges import FrameRange


@given(
    first=st.integers(0, 50), width=st.integers(1, 50), lo=st.integers(0, 99), before=st.integers(0, 50),
    after=st.integers(0, 60),
)  # fmt: skip
def test_a_range_follows_the_sound_it_was_of(first: int, width: int, lo: int, before: int, after: int) -> None:
    """Frames that a change left alone are inside afterwards if they were before, and no others are."""
    past, total = first + width, 120
    numbers = np.arange(total)
    before = min(before, total - lo)
    changed = np.concatenate([numbers[:lo], np.full(after, -1), numbers[lo + before :]])
    span = resized(FrameRange(first, past), lo, before, after)
    kept = changed[span.first : span.past]
    wanted = [n for n in range(first, past) if not lo <= n < lo + before]
    assert [n for n in kept.tolist() if n >= 0] == wanted
    if before == 0 and first < lo <= past:
        assert (kept == -1).sum() == after, "what is put into a loop, or at its end, is heard"
    there = span.inside(max(1, changed.size))
    assert 0 <= there.first < there.past <= max(1, changed.size)

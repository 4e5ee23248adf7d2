"""Ranges of frames and levels: what they hold, how they are cropped, written and sent."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ranges import END, FrameRange, LevelRange, Rect

FRAMES = st.builds(lambda first, width: FrameRange(first, first + width), st.integers(0, 60), st.integers(1, 60))
LEVELS = st.builds(lambda first, more: LevelRange(first, first + more), st.integers(0, 9), st.integers(0, 9))


@given(FRAMES, FRAMES)
def test_frames_are_those_of_a_python_range(one: FrameRange, other: FrameRange) -> None:
    numbers = set(range(one.first, one.past))
    assert len(one) == len(numbers)
    assert {frame for frame in range(140) if frame in one} == numbers
    shared = one.shared(other)
    assert set(range(shared.first, shared.past)) == numbers & set(range(other.first, other.past))


@given(LEVELS)
def test_levels_include_the_last_one(levels: LevelRange) -> None:
    assert list(levels.numbers) == [level for level in range(20) if level in levels]
    assert len(levels) == len(levels.numbers) == len(np.arange(20)[levels.index])


@given(FRAMES, LEVELS, st.integers(1, 12), st.integers(1, 80))
def test_a_cropped_rectangle_exists_and_holds_something(
    frames: FrameRange, levels: LevelRange, height: int, width: int
) -> None:
    rect = Rect(levels, frames).inside(height, width)
    cells = np.zeros((height, width))[rect.index]
    assert cells.shape == (rect.height, rect.width) and cells.size > 0
    for level, frame in ((rect.levels.first, rect.frames.first), (rect.levels.last, rect.frames.past - 1)):
        assert rect.holds(level, frame)
    if levels.last < height and frames.past <= width:
        assert rect == Rect(levels, frames)


@pytest.mark.parametrize(
    ("rect", "text"),
    [
        (Rect(LevelRange(0, 3), FrameRange(10, 40)), "q0-3 @10:40"),
        (Rect(LevelRange(7, 7), FrameRange(12)), "q7 @12:"),
        (Rect(LevelRange(0, 0), FrameRange()), "q0 @0:"),
    ],
)
def test_text_is_that_of_the_edit_grammar(rect: Rect, text: str) -> None:
    assert str(rect) == text


def test_a_range_without_an_end_goes_to_the_end_of_the_strand() -> None:
    assert FrameRange(3).is_open and FrameRange(3).until(20) == FrameRange(3, 20)
    assert FrameRange(3, 9).until(20) == FrameRange(3, 9)
    assert len(np.arange(20)[FrameRange(3).index]) == 17


def test_on_the_wire_a_range_is_an_array_of_two() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(FrameRange(3, 9))) == [3, 9]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([3]), type=FrameRange) == FrameRange(3, END)
    for wrong in ([3, None], [3, 4, 5], ["a", 4], {"first": 3}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(msgspec.msgpack.encode(wrong), type=FrameRange)

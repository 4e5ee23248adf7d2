"""Motions and rectangles stay inside the strand, whatever is typed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protocol.ranges import FrameRange, LevelRange, Rect
from tui.model.cursor import Cursor, Selection, move

MOTIONS = [
    "left", "right", "up", "down", "start", "end", "first_level", "last_level",
    "page_left", "page_right", "next_change", "prev_change", "frame",
]  # fmt: skip
CODES = np.array([[1, 1, 2, 2, 2, 3], [7, 7, 7, 7, 7, 7]], dtype=np.uint16)


@given(
    motion=st.sampled_from(MOTIONS),
    count=st.none() | st.integers(0, 10_000),
    level=st.integers(0, 4),
    frame=st.integers(0, 29),
    seed=st.integers(0, 100),
)
def test_no_motion_leaves_the_strand(motion: str, count: int | None, level: int, frame: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 3, (5, 30)).astype(np.uint16)
    after = move(Cursor(level, frame), motion, count, codes, 10)
    assert 0 <= after.level < 5
    assert 0 <= after.frame < 30


def test_words_are_runs_of_one_code() -> None:
    assert move(Cursor(0, 0), "next_change", None, CODES, 9) == Cursor(0, 2)
    assert move(Cursor(0, 0), "next_change", 2, CODES, 9) == Cursor(0, 5)
    assert move(Cursor(0, 4), "prev_change", None, CODES, 9) == Cursor(0, 2)
    assert move(Cursor(0, 2), "prev_change", None, CODES, 9) == Cursor(0, 0)
    assert move(Cursor(1, 3), "next_change", None, CODES, 9) == Cursor(1, 5)


def test_counts_name_levels_and_frames() -> None:
    assert move(Cursor(0, 3), "last_level", 1, CODES, 9) == Cursor(1, 3)
    assert move(Cursor(0, 3), "frame", 4, CODES, 9) == Cursor(0, 4)
    assert move(Cursor(0, 3), "frame", 999, CODES, 9) == Cursor(0, 5)


@given(st.integers(0, 7), st.integers(0, 40), st.integers(0, 7), st.integers(0, 40), st.booleans())
def test_a_selection_holds_both_of_its_corners(a: int, b: int, c: int, d: int, all_levels: bool) -> None:
    rect = Selection(Cursor(a, b), all_levels).rect(Cursor(c, d), 8)
    assert rect.holds(a, b)
    assert rect.holds(c, d)
    assert rect.height == (8 if all_levels else abs(a - c) + 1)
    assert rect.width == abs(b - d) + 1


def test_rectangles_read_as_the_edit_grammar_writes_them() -> None:
    assert str(Rect(LevelRange(0, 1), FrameRange(48, 64))) == "q0-1 @48:64"
    assert str(Rect(LevelRange(3, 3), FrameRange(0, 1))) == "q3 @0:1"

"""A strand's waveform in a few rows of characters."""

import numpy as np
import pytest

from tui.model.thumbnail import thumbnail


def test_loud_is_high_silence_is_a_line_and_the_unknown_is_blank() -> None:
    peaks = np.array([1.0, 0.25, 0.0, np.nan], np.float32)
    assert thumbnail(peaks, 10, 2) == ["█   ", "██▁ "]


@pytest.mark.parametrize("frames", [1, 7, 39, 40, 41, 1000])
def test_it_is_as_wide_as_it_may_be_and_shows_the_loudest_frame(frames: int) -> None:
    peaks = np.full(frames, 0.01, np.float32)
    peaks[frames // 2] = 1.0
    (row,) = thumbnail(peaks, 40, 1)
    assert len(row) == min(40, frames) and row.count("█") == 1
    assert thumbnail(peaks, 0, 2) == []

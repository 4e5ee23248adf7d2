"""Ranges in frames and seconds: what is read, the frames that a time means, and exact samples."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from protocol.ranges import FrameRange, SampleRange
from protocol.times import Span, read_moment, read_span, time_as_frames

HOP = 1024
TOTAL = 479_040  # 9.98 s, 468 frames, of which the last is not full


def span(text: str) -> Span:
    found = read_span(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("10:40", FrameRange(10, 40)),
        ("@10:", FrameRange(10)),
        (":", FrameRange()),
        ("7", FrameRange(7, 8)),
        ("@1.2s:3.4s", FrameRange(56, 159)),
        ("1200ms:160", FrameRange(56, 160)),
        ("@:3.4s", FrameRange(0, 159)),
        ("@1.2s", FrameRange(56, 57)),
        ("@1.215s", FrameRange(56, 57)),  # frame 56 lasts from 1.1947 s to 1.216 s
        ("@1.200s:1.201s", FrameRange(56, 57)),
    ],
)
def test_a_range_in_frames(text: str, frames: FrameRange) -> None:
    assert span(text).frames() == frames


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("@1.2s:3.4s", SampleRange(57_600, 163_200)),
        ("@0s:4s", SampleRange(0, 192_000)),
        ("@10:40", SampleRange(10_240, 40_960)),
        ("@1.2s:", SampleRange(57_600, TOTAL)),
        ("@1.2s:100", SampleRange(57_600, 102_400)),
        ("@460:468", SampleRange(471_040, TOTAL)),
        ("@467", SampleRange(478_208, TOTAL)),
        ("@0.00002s:0.00005s", SampleRange(1, 2)),
    ],
)
def test_a_range_in_samples(text: str, samples: SampleRange) -> None:
    assert span(text).samples(TOTAL, HOP) == samples


@pytest.mark.parametrize("text", ["@9s:10s", "@468:", "@10:470", "@11s:", "@500"])
def test_a_range_outside_the_sound_is_refused_with_its_length(text: str) -> None:
    with pytest.raises(AlleleError, match=r"9\.980 s: 468 frames") as refusal:
        span(text).samples(TOTAL, HOP)
    assert refusal.value.code == "E_RANGE" and refusal.value.hint


@pytest.mark.parametrize("text", ["@3s:1s", "@4:4", "@3s:4", "@200:3s"])
def test_an_empty_range_is_refused_both_ways(text: str) -> None:
    for read in (lambda: span(text).frames(), lambda: span(text).samples(TOTAL, HOP)):
        with pytest.raises(AlleleError, match="empty"):
            read()


@pytest.mark.parametrize("text", ["", "@", "1.2", "@1.2:3", "a:b", "1:2:3", "1h:2h", "-1s:", "@1_0:", "@٣s:", "1e3s"])
def test_other_texts_are_no_ranges(text: str) -> None:
    assert read_span(text) is None


@given(st.integers(0, 10**7), st.integers(1, 10**6))
def test_samples_written_as_seconds_are_found_again(first: int, count: int) -> None:
    def seconds(samples: int) -> str:
        whole, rest = divmod(samples * 10**9 // 48_000, 10**9)
        return f"{whole}.{rest:09}s"

    made = span(f"@{seconds(first)}:{seconds(first + count)}").samples(2 * 10**7, HOP)
    assert made == SampleRange(first, first + count)


def test_a_moment_is_a_frame_or_a_time() -> None:
    frame, time = read_moment("120"), read_moment("1.2s")
    assert frame is not None and time is not None
    assert frame.nearest_frame(46.875) == 120 and time.nearest_frame(46.875) == 56
    assert time.number == Fraction(6, 5) and time.sample(HOP) == 57_600
    assert read_moment("soon") is None


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("+0.5s", "+23"),
        ("-1s", "-47"),
        ("@1.2s", "@56"),
        ("1s:2s", "47:94"),
        ("1s:", "47:"),
        ("17", "17"),
        ("as", "as"),
    ],
)
def test_times_of_arguments_become_frames(text: str, frames: str) -> None:
    assert time_as_frames(text, 46.875) == frames

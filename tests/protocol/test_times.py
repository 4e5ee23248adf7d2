"""Ranges in frames and seconds: what is read, the frames that a time means, and exact samples."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from protocol.ranges import FrameRange, SampleRange
from protocol.tempo import Tempo, read_tempo
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


@pytest.mark.parametrize(
    "text", ["", "@", "1.2.3.4", "bar", "@.2:3", "a:b", "1:2:3", "1h:2h", "-1s:", "@1_0:", "@٣s:", "1e3s"]
)
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


WALTZ = Tempo(bpm=90, beats=3)  # a beat of 32 000 samples, a bar of 2 s
LOOP = Tempo(bpm=120)


@pytest.mark.parametrize(
    ("text", "tempo", "samples"),
    [
        ("@bar1:bar3", LOOP, SampleRange(0, 192_000)),
        ("@bar2", LOOP, SampleRange(96_000, 192_000)),
        ("@bar2", WALTZ, SampleRange(96_000, 192_000)),
        ("@2.3", WALTZ, SampleRange(160_000, 192_000)),
        ("@2.1:2.3", LOOP, SampleRange(96_000, 144_000)),
        ("@1.1.3", LOOP, SampleRange(12_000, 18_000)),
        ("@1.4:", LOOP, SampleRange(72_000, TOTAL)),
        ("@bar2:4s", LOOP, SampleRange(96_000, 192_000)),
        ("@10:bar2", LOOP, SampleRange(10_240, 96_000)),
    ],
)
def test_bars_and_beats_are_cut_at_the_exact_sample(text: str, tempo: Tempo, samples: SampleRange) -> None:
    found = read_span(text, tempo)
    assert found is not None
    assert found.samples(TOTAL, HOP) == samples
    first, past = (round(bound / HOP) for bound in (samples.first, samples.past))
    assert found.frames() == (FrameRange(first) if text.endswith(":") else FrameRange(first, past))


@given(st.floats(20, 400), st.integers(1, 32), st.integers(1, 60), st.integers(1, 60))
def test_any_bars_of_any_tempo_are_as_long_as_their_beats(bpm: float, beats: int, first: int, count: int) -> None:
    tempo = Tempo(bpm=bpm, beats=beats)
    found = read_span(f"@bar{first}:bar{first + count}", tempo)
    assert found is not None
    made = found.samples(48_000 * 60 * 60 * 4, HOP)
    assert made.past - made.first == pytest.approx(count * beats * 60 / bpm * 48_000, abs=1)


@pytest.mark.parametrize("text", ["@bar2", "@2.1:2.3", "@10:bar3", "2.3"])
def test_bars_without_a_tempo_are_refused(text: str) -> None:
    with pytest.raises(AlleleError, match="needs a tempo") as refusal:
        read_span(text)
    assert "tempo 120" in refusal.value.hint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bar0", "bars are counted from 1"),
        ("2.4", "beats go from 1 to 3"),
        ("2.0", "beats are counted"),
        ("1.1.5", "sixteenths go from 1 to 4"),
    ],
)
def test_bars_and_beats_that_cannot_exist_are_refused(text: str, why: str) -> None:
    with pytest.raises(AlleleError, match=why):
        read_moment(text, WALTZ)


@pytest.mark.parametrize(
    ("text", "frames"), [("1bar", "94"), ("-2beats", "-47"), ("0.5beat", "12"), ("2.1", "94"), ("2.1:2.3", "94:141")]
)
def test_lengths_and_places_of_arguments_become_frames(text: str, frames: str) -> None:
    assert time_as_frames(text, 46.875, LOOP) == frames


def test_a_place_names_the_beat_that_a_time_is_in() -> None:
    assert [str(WALTZ.place_at(seconds)) for seconds in (0, 0.6, 0.67, 1.99, 2.0)] == [
        "1.1",
        "1.1",
        "1.2",
        "1.3",
        "2.1",
    ]
    assert LOOP.nearest_beat(0.74) == Fraction(1, 2) and LOOP.nearest_beat(0.76) == 1


@pytest.mark.parametrize("bpm", ["", "0", "19.9", "401", "fast", "nan", "1e2", "-120", "12_0"])
def test_a_tempo_out_of_reach_is_refused(bpm: str) -> None:
    with pytest.raises(AlleleError, match="20 to 400"):
        read_tempo(bpm)


def test_beats_of_a_bar_are_kept_unless_they_are_given() -> None:
    assert read_tempo("100", before=WALTZ) == Tempo(bpm=100, beats=3)
    assert read_tempo("100", "5", WALTZ) == Tempo(bpm=100, beats=5)
    assert read_tempo("none", before=WALTZ) is None
    with pytest.raises(AlleleError, match="1 to 32 beats"):
        read_tempo("100", "0")

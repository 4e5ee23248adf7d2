"""The training model: bounded curves, a log that may arrive twice, and budgets as people write them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from protocol.messages.events import EvaluationCompleted, JobLogged, StepCompleted
from protocol.ranges import FrameRange
from protocol.training import OPTIONS
from tui.model.commands import read_command
from tui.model.curve import Curve
from tui.model.training import Training, clock, read_option
from tui.model.waveform import Waveform, ramp_glyph


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=3000))
def test_a_curve_is_bounded_and_loses_no_peak(values: list[float]) -> None:
    curve = Curve(64)
    for x, y in enumerate(values):
        curve.add(float(x), y)
    assert len(curve) <= 64
    assert curve.extent() == (min(values), max(values))
    columns = curve.columns(20, *curve.span)
    assert max(column[1] for column in columns if column) == max(values)


def test_a_curve_skips_what_is_not_a_number_and_starts_over_where_time_falls_back() -> None:
    curve = Curve()
    for x, y in ((0.0, 1.0), (1.0, math.nan), (2.0, math.inf), (3.0, 2.0)):
        curve.add(x, y)
    assert len(curve) == 2
    curve.add(1.0, 5.0)
    assert curve.span == (0.0, 1.0)


def test_live_events_and_the_log_give_the_same_training() -> None:
    step = StepCompleted(job="j", step=10, elapsed_s=1.0, progress=0.1, losses={"mel": 1.0, "commit": 0.5})
    evaluation = EvaluationCompleted(job="j", step=10, elapsed_s=1.5, held_out={"mel": 0.7}, utilisation=[0.9, 0.2])
    line = JobLogged(job="j", text="hello", elapsed_s=0.1)
    live, logged = Training("j"), Training("j")
    for body in (line, step, evaluation, line, step, evaluation):
        live.take(body)
    for entry in (
        {"type": "JobLogged", "text": "hello", "elapsed_s": 0.1},
        {"type": "StepCompleted", "step": 10, "elapsed_s": 1.0, "progress": 0.1, "losses": {"mel": 1.0, "commit": 0.5}},
        {"type": "FutureThing", "x": 1},
        {"type": "StepCompleted", "step": "not a number"},
        {
            "type": "EvaluationCompleted",
            "step": 10,
            "elapsed_s": 1.5,
            "held_out": {"mel": 0.7},
            "utilisation": [0.9, 0.2],
        },
    ):
        logged.take_entry(entry)
    assert list(live.lines) == list(logged.lines)
    assert len(live.lines) == 2
    assert live.loss.last == logged.loss.last == (1.0, 1.5)
    assert live.held_out_now() == logged.held_out_now() == ("mel", 0.7)
    assert live.levels == 2


def test_a_line_without_a_time_has_that_of_what_came_before() -> None:
    training = Training("j")
    training.take(JobLogged(job="j", text="mono"))
    training.take(StepCompleted(job="j", step=10, elapsed_s=61.0, progress=0.1, losses={}))
    training.take(JobLogged(job="j", text="level 2 was filled again"))
    assert list(training.lines) == ["  0:00  mono", "  1:01  level 2 was filled again"]


def test_a_log_is_bounded() -> None:
    training = Training("j")
    for number in range(3000):
        training.take(JobLogged(job="j", text=f"line {number}", elapsed_s=float(number)))
    assert len(training.lines) == 500
    assert training.lines[-1].endswith("line 2999")


BY_NAME = {option.name: option for option in OPTIONS}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("budget_s", "90s", 90.0), ("budget_s", "10 m", 600.0), ("budget_s", "2H", 7200.0), ("budget_s", "45", 45.0),
     ("budget_s", "", None), ("steps", "500", 500), ("steps", " ", None), ("preset", "", "auto"),
     ("preset", "Tiny", "tiny"), ("adversarial", "yes", True), ("seed", "", 0), ("channels", "stereo", 2)],
)  # fmt: skip
def test_a_field_of_the_form_is_read_as_its_option(name: str, text: str, value: object) -> None:
    assert read_option(BY_NAME[name], text) == value


@pytest.mark.parametrize("text", ["soon", "-3s", "0m", "1e9h"])
def test_budgets_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="budget"):
        read_option(BY_NAME["budget_s"], text)


def test_durations_read_like_a_clock() -> None:
    assert [clock(s) for s in (None, 0.2, 59.6, 250, 3723)] == ["?", "0:00", "1:00", "4:10", "1:02:03"]


def test_the_command_line_reads_edits_and_its_own_words() -> None:
    edit = read_command(":set 17 q0 @3:4")
    assert edit is not None
    assert edit.edit is not None
    assert edit.edit.args == ["17"]
    write = read_command("w! 'my file.wav'")
    assert write is not None
    assert (write.name, write.args, write.force) == ("w", [str(Path("my file.wav").absolute())], True)
    frame = read_command(":120")
    assert frame is not None
    assert (frame.name, frame.args) == ("frame", ["120"])
    assert read_command("  ") is None


@pytest.mark.parametrize("text", ["fly", "set", "wq", "open", "swap B q3-1"])
def test_the_command_line_names_what_it_cannot_read(text: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        read_command(text)
    assert refusal.value.code == "E_BAD_EDIT"


def test_peaks_are_asked_for_once_and_again_after_an_edit() -> None:
    wave = Waveform(100)
    assert wave.wanted(0, 50) == FrameRange(0, 50)
    wave.fill(0, 50, np.full((1, 50 * 4), 0.5, dtype=np.float32), 4)
    assert wave.wanted(0, 50) is None
    assert wave.wanted(0, 60) == FrameRange(50, 60)
    wave.stale(20, 21, 3, 100)
    assert wave.wanted(0, 50) == FrameRange(17, 24)
    assert wave.heights(20, 21)[0] > 0.7, "the old picture stays until the new one comes"
    assert np.isnan(wave.heights(60, 61)[0])


def test_peaks_survive_a_longer_strand_before_the_edit() -> None:
    wave = Waveform(10)
    wave.fill(0, 10, np.ones((1, 40), dtype=np.float32), 4)
    wave.stale(6, 12, 2, 14)
    assert wave.wanted(0, 14) == FrameRange(4, 14)


def test_a_height_is_one_ascii_character() -> None:
    assert [ramp_glyph(h) for h in (0.0, 1.0, float("nan"))] == [" ", "@", " "]

"""The levels at both ends of a loop meet, the codes stay, and undo restores the levels."""

import numpy as np
import pytest

from daemon.edits.loop_point import END_FRAMES, MOST_DB, SURROUNDINGS
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, grid_of, write
from protocol.columns import LEVEL
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded


def grid(frames: int = 100, locked: frozenset[int] = frozenset()) -> Grid:
    codes = (np.arange(frames)[None] + 100 * np.arange(2)[:, None]).astype(np.uint16)
    meta = StrandMeta(
        name="a", model="m", codec_id="c", codebook=1024, levels=2, frames=frames, samples=1024 * frames, gain_db=-3.0
    )
    return grid_of("a", as_encoded(meta, codes), locked)


def smoothed(text: str, a: Grid, start_db: float, end_db: float) -> Outcome:
    """The outcome of an edit, if a model decodes both ends at these levels."""
    step = apply(parse_edit(text), a, {}, {})
    assert isinstance(step, Computation) and step.kind == "seamless"
    made = step.finish(np.array([[start_db] * END_FRAMES, [end_db] * END_FRAMES], np.float32))
    assert isinstance(made, Outcome)
    return made


def test_the_ends_meet_and_the_middle_stays() -> None:
    a = grid()
    (change,) = smoothed("seamless over=10", a, -20.0, -32.0).changes
    after = write(a.strand, change)
    gains = (after.columns[LEVEL] - a.columns[LEVEL]) / 100
    assert gains[:END_FRAMES] == pytest.approx([-6] * END_FRAMES)
    assert gains[-END_FRAMES:] == pytest.approx([6] * END_FRAMES)
    assert not gains[END_FRAMES + 10 : -END_FRAMES - 10].any()
    assert np.abs(np.diff(gains)).max() < 1.0, "no step inside"
    assert np.array_equal(after.codes, a.codes)
    assert all(map(np.array_equal, write(after, change.reversed()).buffers, a.strand.buffers))


def test_only_the_range_changes_and_both_ends_of_it_are_decoded_with_what_is_around() -> None:
    a = grid()
    step = apply(parse_edit("seamless @20:60"), a, {}, {})
    assert isinstance(step, Computation)
    assert step.inputs[0][0].tolist() == list(range(20 - SURROUNDINGS, 20 + END_FRAMES + SURROUNDINGS))
    assert step.inputs[1][0].tolist() == list(range(60 - END_FRAMES - SURROUNDINGS, 60 + SURROUNDINGS))
    measured = [
        step.inputs[end][0][int(step.settings[name]) :][:END_FRAMES].tolist()
        for end, name in enumerate(("first", "last"))
    ]
    assert measured == [[20, 21, 22], [57, 58, 59]]
    (change,) = smoothed("seamless @20:60", a, -30.0, -20.0).changes
    gains = write(a.strand, change).columns[LEVEL] - a.columns[LEVEL]
    assert not gains[:20].any() and not gains[60:].any() and gains[20] == 500 and gains[59] == -500


def test_gains_that_frames_have_already_count() -> None:
    a = grid()
    a.columns[LEVEL, -END_FRAMES:] -= 800
    made = smoothed("seamless", a, -20.0, -20.0)
    after = write(a.strand, made.changes[0]).columns[LEVEL]
    assert after[0] == after[-1] == -700
    assert "went up by 8.0 dB, now by 0.0 dB" in made.notes[0]


def test_a_sound_that_ends_in_silence_is_not_made_loud() -> None:
    a = grid()
    made = smoothed("seamless", a, -20.0, -110.0)
    gains = write(a.strand, made.changes[0]).columns[LEVEL] - a.columns[LEVEL]
    assert np.abs(gains).max() == MOST_DB / 2 * 100
    assert f"now by {90 - MOST_DB:.1f} dB" in made.notes[0]


def test_levels_that_meet_change_nothing() -> None:
    made = smoothed("seamless", grid(), -20.0, -20.02)
    assert "meet already" in made.notes[0] and made.changes[0].is_nothing


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("seamless q1", "whole frames"),
        ("seamless @3:8", "too short"),
        ("seamless over=0", "from 1"),
        ("seamless @90:200", "exist"),
    ],
)
def test_what_is_no_loop_is_refused(text: str, why: str) -> None:
    with pytest.raises(AlleleError, match=why):
        apply(parse_edit(text), grid(), {}, {})


@pytest.mark.parametrize("frames", [6, 7, 9, 12, 40])
def test_short_loops_are_smoothed_without_overlap(frames: int) -> None:
    a = grid(frames)
    gains = write(a.strand, smoothed("seamless", a, -20.0, -26.0).changes[0]).columns[LEVEL] - a.columns[LEVEL]
    assert gains[0] == -300 and gains[-1] == 300 and np.array_equal(gains, -gains[::-1])

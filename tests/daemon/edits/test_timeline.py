"""Shift, reverse, stretch, repeat, mirror: what becomes of the frames, of the length, of the samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.edits.lengths import resized
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, grid_of, write
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded


def meta(name: str, model: str, codec: str, codebook: int) -> StrandMeta:
    """Whose codes a grid holds; an operation takes its size from the codes."""
    return StrandMeta(name=name, model=model, codec_id=codec, codebook=codebook, levels=1, frames=1, samples=1024)


def grid(frames: int = 10, levels: int = 2) -> Grid:
    codes = (np.arange(frames)[None] + 100 * np.arange(levels)[:, None]).astype(np.uint16)  # every frame its number
    return grid_of("a", as_encoded(meta("a", "m", "c", 1024), codes))


def frames(text: str, a: Grid) -> list[int]:
    """Level 0 after an edit, when both levels moved alike."""
    outcome = apply(parse_edit(text), a, {}, {})
    assert isinstance(outcome, Outcome), "it asks a model"
    (change,) = outcome.changes
    whole = write(a.strand, change)
    assert all(map(np.array_equal, write(whole, change.reversed()).buffers, a.strand.buffers))
    after = whole.codes
    assert np.array_equal(after[1], after[0] + 100)
    return after[0].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shift +2 @0:5", [3, 4, 0, 1, 2, 5, 6, 7, 8, 9]),
        ("shift -1 @0:5", [1, 2, 3, 4, 0, 5, 6, 7, 8, 9]),
        ("shift 12", [8, 9, 0, 1, 2, 3, 4, 5, 6, 7]),
        ("reverse @2:6", [0, 1, 5, 4, 3, 2, 6, 7, 8, 9]),
        ("repeat 2 @0:2", [0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("repeat 1", [*range(10), *range(10)]),
        ("mirror @3:5", [0, 1, 2, 3, 4, 4, 3, 5, 6, 7, 8, 9]),
        ("mirror", [*range(10), *range(9, -1, -1)]),
        ("stretch 1", list(range(10))),
        ("stretch 0.1 @0:3", [3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_where_frames_go(text: str, expected: list[int]) -> None:
    assert frames(text, grid()) == expected


def test_a_model_computes_the_frames_of_another_length() -> None:
    a = grid()
    step = apply(parse_edit("stretch 2.25 @4:6"), a, {}, {})
    assert isinstance(step, Computation)
    assert (step.kind, step.settings) == ("stretch", {"frames": 5}) and np.array_equal(step.inputs[0], a.codes[:, 4:6])
    made = np.arange(10, dtype=np.uint16).reshape(2, 5)
    outcome = step.finish(made)
    assert isinstance(outcome, Outcome)
    after = write(a.strand, outcome.changes[0]).codes
    assert np.array_equal(after, np.concatenate([a.codes[:, :4], made, a.codes[:, 6:]], axis=1))
    for wrong in (made[:, :4], made.astype(np.int32), made + np.uint16(1020)):
        with pytest.raises(AlleleError, match="do not fit"):
            step.finish(wrong)


def test_shift_and_reverse_keep_to_the_named_levels() -> None:
    a = grid()
    for text in ("shift 3 q1", "reverse q1"):
        (change,) = apply(parse_edit(text), a, {}, {}).changes
        after = write(a.strand, change).codes
        assert np.array_equal(after[0], a.codes[0]) and not np.array_equal(after[1], a.codes[1])


@pytest.mark.parametrize("text", ["reverse", "mirror", "shift 1", "repeat 3", "stretch 1"])
def test_one_frame_is_enough(text: str) -> None:
    assert set(frames(text, grid(1))) == {0}


def test_a_length_changes_on_all_levels_or_not_at_all() -> None:
    a = grid()
    for text in ("stretch 2 q0", "repeat 1 q1", "mirror q0"):
        with pytest.raises(AlleleError, match="length") as refusal:
            apply(parse_edit(text), a, {}, {})
        assert refusal.value.code == "E_BAD_EDIT" and refusal.value.hint
    assert len(frames("mirror q0-1", a)) == 20  # all levels, named


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("stretch 0", "E_BAD_EDIT"),
        ("stretch -1", "E_BAD_EDIT"),
        ("stretch nan", "E_BAD_EDIT"),
        ("stretch 1e9", "E_BAD_EDIT"),
        ("stretch far", "E_BAD_EDIT"),
        ("stretch 0.02", "E_RANGE"),
        ("repeat 0", "E_BAD_EDIT"),
        ("repeat -1", "E_BAD_EDIT"),
        ("repeat 1.5", "E_BAD_EDIT"),
        ("repeat 99999", "E_BAD_EDIT"),
        ("shift much", "E_BAD_EDIT"),
        ("shift " + "9" * 5000, "E_BAD_EDIT"),
        ("reverse @4:11", "E_RANGE"),
        ("mirror @10:", "E_RANGE"),
        ("repeat 1 @12:14", "E_RANGE"),
    ],
)
def test_what_is_not_a_length_is_refused(text: str, code: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        apply(parse_edit(text), grid(), {}, {})
    assert refusal.value.code == code
    assert len(str(refusal.value)) < 300


def test_two_hours_are_the_most_and_so_is_what_a_message_carries() -> None:
    a = grid(10_000)
    with pytest.raises(AlleleError, match="7200 s") as refusal:
        apply(parse_edit("repeat 40"), a, {}, {})
    assert refusal.value.code == "E_RANGE"
    with pytest.raises(AlleleError, match="262144 frames"):
        apply(parse_edit("repeat 26"), grid(10_000, levels=32), {}, {})
    assert len(frames("repeat 25", a)) == 260_000


@given(frames=st.integers(1, 50), missing=st.integers(0, 1023), lengths=st.lists(st.integers(1, 90), max_size=5))
def test_samples_follow_the_length_and_come_back_with_it(frames: int, missing: int, lengths: list[int]) -> None:
    meta = StrandMeta(
        name="a", model="m", codec_id="c", levels=1, codebook=2, frames=frames, samples=frames * 1024 - missing
    )
    walked = meta
    for length in lengths:
        walked = resized(walked, length)
        assert (walked.frames, walked.samples) == (length, length * 1024 - missing)
        assert walked == resized(meta, length)
    assert resized(walked, frames) == meta


def test_a_strand_that_says_fewer_samples_than_its_frames_stays_decodable() -> None:
    meta = StrandMeta(name="a", model="m", codec_id="c", levels=1, codebook=2, frames=10, samples=5)
    assert resized(meta, 10) == meta
    assert resized(meta, 2).samples == 1025

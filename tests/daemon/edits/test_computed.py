"""Mutate, blend and mosaic as far as codes alone decide: what is asked of a model, what needs none, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.edits.arguments import with_seed
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, Step, grid_of, settle, write
from protocol.edits import format_edit, parse_edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import StrandMeta, as_encoded


def meta(name: str, model: str, codec: str, codebook: int) -> StrandMeta:
    """Whose codes a grid holds; an operation takes its size from the codes."""
    return StrandMeta(name=name, model=model, codec_id=codec, codebook=codebook, levels=1, frames=1, samples=1024)


def grid(name: str, frames: int, *, levels: int = 4, codec: str = "c") -> Grid:
    codes = np.random.default_rng([frames, levels]).integers(0, 16, (levels, frames)).astype(np.uint16)
    return grid_of(name, as_encoded(meta(name, f"model-{codec}", codec, 16), codes))


A, B = grid("a", 24), grid("b", 15)
OTHERS = {"a": A, "b": B, "far": grid("far", 24, codec="other"), "one": grid("one", 1)}


def step(text: str, on: Grid = A) -> Step:
    return apply(parse_edit(text), on, OTHERS, {})


def done(text: str, on: Grid = A) -> np.ndarray:
    outcome = step(text, on)
    assert isinstance(outcome, Outcome), "it asks a model"
    (change,) = outcome.changes
    return write(on.strand, change).codes


@pytest.mark.parametrize("mode", ["latent", "cells", "levels"])
@pytest.mark.parametrize("place", ["", "q1-2 @3:9", "@14:", "q0"])
def test_amounts_0_and_1_are_exact_and_ask_nobody(mode: str, place: str) -> None:
    for align in ("none", "stretch"):
        assert np.array_equal(done(f"blend b 0 {place} mode={mode} align={align}"), A.codes)
    edit = parse_edit(f"blend b 1 {place} mode={mode}")
    there = Rect(edit.levels or LevelRange(0, 3), edit.frames or FrameRange()).inside(4, 15).index
    expected = A.codes.copy()
    expected[there] = B.codes[there]
    assert np.array_equal(done(f"blend b 1 {place} mode={mode}"), expected)


def test_stretched_at_1_is_the_others_nearest_frames() -> None:
    after = done("blend b 1 align=stretch")
    at = [int((frame + 0.5) * 15 / 24) for frame in range(24)]
    assert np.array_equal(after, B.codes[:, at])
    assert np.array_equal(done("blend one 1 align=stretch"), np.repeat(OTHERS["one"].codes, 24, axis=1))


def test_dtw_at_1_is_the_other_as_stretch_gives_it_and_asks_nobody() -> None:
    assert np.array_equal(done("blend b 1 align=dtw"), done("blend b 1 align=stretch"))
    assert np.array_equal(done("blend b 0 align=dtw"), A.codes)


def paired(amount: float, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frames of both strands that a blend along these pairs mixes."""
    asked = step(f"blend b {amount} align=dtw")
    assert isinstance(asked, Computation) and asked.kind == "align"
    mixing = settle(asked, {asked.key: places})
    assert isinstance(mixing, Computation) and mixing.kind == "blend"
    (mine, theirs) = mixing.inputs
    return mine, theirs


def test_frames_that_sound_alike_move_from_their_time_here_to_their_time_there() -> None:
    even = (np.arange(24) * 2 + 1) * 15 // 48
    mine, theirs = paired(0.5, even.astype(np.int32))
    assert (mine == A.codes).mean() > 0.9 and np.array_equal(theirs, B.codes[:, even])
    late = np.where(np.arange(24) < 6, 0, np.minimum(np.arange(24) - 6, 14)).astype(np.int32)  # its sound begins later
    starts = []
    for amount in (0.01, 0.5, 0.99):
        mine, theirs = paired(amount, late)
        pairs = list(zip(mine.T.tolist(), theirs.T.tolist(), strict=True))
        event = (A.codes[:, 12].tolist(), B.codes[:, 6].tolist())  # frame 12 here is frame 6 there, which is at 9.9
        starts.append(pairs.index(event))
    assert starts == sorted(starts, reverse=True) and starts[0] in (12, 13) and starts[2] in (9, 10)


def test_cropping_is_said_and_at_moves_the_other() -> None:
    outcome = step("blend b 1")
    assert isinstance(outcome, Outcome)
    assert outcome.notes == ["cropped from 24 to 15 frames: that is what both have"]
    after = done("blend b 1 @20: at=3")
    assert np.array_equal(after[:, 20:], B.codes[:, 3:7])


def test_what_is_left_out_of_a_longer_strand_is_said() -> None:
    def notes(options: str, mode: str = "cells") -> list[str]:
        outcome = apply(parse_edit(f"blend a {options} mode={mode}"), B, {"a": A}, {})
        assert isinstance(outcome, Outcome)
        return outcome.notes

    assert notes("0.5") == ["the last 9 frames of a, which is longer, are left out"]
    assert notes("0.5 at=8") == ["the last frame of a, which is longer, is left out"]
    assert notes("0.5 at=9") == notes("0 at=0") == notes("0.5 @0:4") == notes("0.5 align=stretch") == []


@given(amount=st.floats(0, 1), seed=st.integers(0, 99), frames=st.integers(1, 24))
def test_cells_come_in_turns_of_at_least_60_ms_of_whole_frames(amount: float, seed: int, frames: int) -> None:
    codes = np.stack([np.zeros(24), np.full(24, 5)]).astype(np.uint16)
    one = grid_of("a", as_encoded(meta("a", "m", "c", 16), codes))
    other = grid_of("b", as_encoded(meta("b", "m", "c", 16), codes + np.uint16(1)))
    text = f"blend b {amount} @0:{frames} mode=cells seed={seed}"
    outcome = apply(parse_edit(text), one, {"b": other}, {})
    assert isinstance(outcome, Outcome)
    theirs = outcome.changes[0].after - codes[:, :frames]
    assert np.array_equal(theirs[0], theirs[1])
    turns = np.flatnonzero(np.diff(theirs[0].astype(int))) + 1
    lengths = np.diff([0, *turns, frames])
    assert frames < 3 or lengths.min() >= 3  # 64 ms at 46.875 frames a second
    assert np.array_equal(outcome.changes[0].after, apply(parse_edit(text), one, {"b": other}, {}).changes[0].after)


def test_more_of_the_other_comes_with_a_larger_amount() -> None:
    shares = [(done(f"blend b {amount} @0:15 mode=cells seed=4") != A.codes).any(0).sum() for amount in (0.2, 0.5, 0.8)]
    assert shares == sorted(shares) and shares[0] < shares[-1]


def test_modes_between_the_sounds_ask_for_all_levels() -> None:
    for mode, by_levels in (("latent", False), ("levels", True)):
        asked = step(f"blend b 0.1 mode={mode} @0:10")
        assert isinstance(asked, Computation)
        assert (asked.kind, asked.settings["by_levels"]) == ("blend", by_levels)


def test_mutate_0_changes_nothing_and_asks_nobody() -> None:
    assert np.array_equal(done("mutate 0 seed=3"), A.codes)


def test_a_mutation_draws_a_seed_unless_one_is_given_and_writes_it_down() -> None:
    drawn = [with_seed(parse_edit("mutate 0.3 q1 @2:9")) for _ in range(8)]
    assert len({edit.options["seed"] for edit in drawn}) > 1, "new dice each time"
    assert all(parse_edit(format_edit(edit)) == edit for edit in drawn)
    assert with_seed(drawn[0]) == drawn[0]
    for text in ("mutate 0.3 seed=7", "blend b 0.5 mode=cells", "reverse"):
        assert with_seed(parse_edit(text)) == parse_edit(text)


def test_a_question_is_its_content() -> None:
    keys = {
        asked.key
        for text in ("mutate 0.3", "mutate 0.3 seed=1", "mutate 0.4", "mutate 0.3 q1-3", "mosaic b", "mosaic one")
        if isinstance(asked := step(text), Computation)
    }
    assert len(keys) == 6
    again, same = step("mutate 0.3"), step("mutate 0.3 seed=0 @0:24")
    assert isinstance(again, Computation) and isinstance(same, Computation) and again.key == same.key


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("mutate 0.3", np.zeros((4, 23), np.uint16)),
        ("mutate 0.3", np.full((4, 24), 16, np.uint16)),
        ("mutate 0.3", np.zeros((4, 24), np.float32)),
        ("mosaic b", np.full(24, 15, np.int32)),
        ("mosaic b", np.full(24, -1, np.int32)),
        ("blend b 0.5 align=dtw", np.zeros(23, np.int32)),
    ],
)
def test_an_answer_that_does_not_fit_is_never_written(text: str, answer: np.ndarray) -> None:
    asked = step(text)
    assert isinstance(asked, Computation)
    with pytest.raises(AlleleError) as refusal:
        settle(asked, {asked.key: answer})
    assert refusal.value.code == "E_INTERNAL"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("blend b", "E_BAD_EDIT"),
        ("blend b 1.1", "E_BAD_EDIT"),
        ("blend b -0.1", "E_BAD_EDIT"),
        ("blend b nan", "E_BAD_EDIT"),
        ("blend b half", "E_BAD_EDIT"),
        ("blend b 0.5 mode=average", "E_BAD_EDIT"),
        ("blend b 0.5 align=best", "E_BAD_EDIT"),
        ("blend b 0.5 seed=-1", "E_BAD_EDIT"),
        ("blend b 0.5 seed=x", "E_BAD_EDIT"),
        ("blend b 0.5 q4", "E_RANGE"),
        ("blend b 0.5 @0:25", "E_RANGE"),
        ("blend b 0.5 @16:", "E_RANGE"),
        ("blend b 0.5 at=15 align=dtw", "E_RANGE"),
        ("blend b 0.5 at=-1", "E_RANGE"),
        ("blend nobody 0.5", "E_NOT_FOUND"),
        ("blend far 0.5", "E_WRONG_MODEL"),
        ("mosaic far", "E_WRONG_MODEL"),
        ("mosaic b continuity=2", "E_BAD_EDIT"),
        ("mosaic b @24:", "E_RANGE"),
        ("mutate 2", "E_BAD_EDIT"),
        ("mutate inf", "E_BAD_EDIT"),
        ("mutate 0.1 q9", "E_RANGE"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, code: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        step(text)
    assert refusal.value.code == code
    assert refusal.value.message and "\n" not in str(refusal.value)


def test_a_mosaic_of_too_many_pairs_names_what_would_do() -> None:
    codes = np.zeros((1, 20_000), np.uint16)
    long = grid_of("long", as_encoded(meta("long", "model-c", "c", 16), codes))
    with pytest.raises(AlleleError, match="at most 3355 frames"):
        apply(parse_edit("mosaic long"), long, {"long": long}, {})
    assert isinstance(apply(parse_edit("mosaic long @0:3355"), long, {"long": long}, {}), Computation)

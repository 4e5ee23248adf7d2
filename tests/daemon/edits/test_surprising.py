"""`only=dull|odd`: which cells an edit may change, with scores that a test knows."""

import numpy as np

from daemon.edits.operations import apply
from daemon.edits.surprising import chosen
from daemon.edits.values import Computation, Grid, Outcome, grid_of, write
from daemon.prior.windows import HEARD_FRAMES, SCORED_FRAMES
from protocol.edits import parse_edit
from protocol.strands import StrandMeta, as_encoded


def grid(frames: int, locked: frozenset[int] = frozenset()) -> Grid:
    meta = StrandMeta(name="a", model="m", codec_id="c", codebook=16, levels=3, frames=frames, samples=1024)
    codes = np.random.default_rng(frames).integers(0, 15, (3, frames)).astype(np.uint16)
    return grid_of("a", as_encoded(meta, codes), locked)


def scores(frames: int) -> np.ndarray:
    """Each frame costs more than the one before, as often as that fits a byte."""
    return np.broadcast_to(np.arange(frames) % 251, (3, frames)).astype(np.uint8)


def made(text: str, a: Grid) -> tuple[np.ndarray, Outcome, list[Computation]]:
    """The codes after an edit by a model that writes the code 15 wherever it is asked to."""
    asked: list[Computation] = []
    step = apply(parse_edit(text), a, {}, {})
    while isinstance(step, Computation):
        asked.append(step)
        (codes, *more), heard = step.inputs, step.settings.get("heard")
        shape = more[0].shape if more else codes.shape
        step = step.finish(np.full(shape, 15, np.uint16) if heard is None else scores(codes.shape[1])[:, int(heard) :])
    return write(a.strand, step.changes[0]).codes, step, asked


def test_the_odd_cells_of_each_level_change_and_a_note_counts_them() -> None:
    a = grid(100)
    after, outcome, asked = made("mutate 1 q1-2 @0:40 only=odd seed=3", a)
    assert np.array_equal(after != a.codes, np.array([[0], [1], [1]]) * (np.arange(100) // 10 == 3))
    assert outcome.notes == ["20 of the 20 odd cells changed"]
    assert [one.kind for one in asked] == ["surprise", "mutate"] and asked[0].inputs[0].shape == (3, 40)


def test_the_dull_cells_of_a_share_are_drawn_again_and_locks_hold() -> None:
    a = grid(100, frozenset({1}))
    after, _, asked = made("regenerate @10:90 only=dull share=0.1 seed=3", a)
    changed = after != a.codes
    assert np.array_equal(changed[0], (np.arange(100) >= 10) & (np.arange(100) < 18))
    assert np.array_equal(changed[2], changed[0]) and not changed[1].any()
    drawn = asked[-1].drawn
    assert drawn is not None and np.array_equal(drawn.free, changed[:, 10:90])


def test_a_selection_is_scored_in_the_windows_that_the_map_uses() -> None:
    a = grid(2 * SCORED_FRAMES)
    _, _, asked = made(f"mutate 1 @{SCORED_FRAMES + 5}:{SCORED_FRAMES + 9} only=odd seed=3", a)
    assert asked[0].settings["heard"] == HEARD_FRAMES
    assert np.array_equal(asked[0].inputs[0], a.codes[:, SCORED_FRAMES - HEARD_FRAMES : SCORED_FRAMES + 9])


def test_of_equal_cells_the_seed_chooses() -> None:
    equal = np.zeros((2, 400), np.uint8)
    one, again, other = (chosen(equal, 0.25, seed, is_odd=False) for seed in (1, 1, 2))
    assert one.sum() == 200 and np.array_equal(one, again) and not np.array_equal(one, other)
    assert one[:, 200:].any(), "not only the first ones in time"

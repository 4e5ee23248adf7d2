"""A grid follows events exactly, or says that it must be fetched."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.columns import encoded_columns
from protocol.messages.events import StrandChanged
from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange, LevelRange, Rect
from protocol.strands import StrandMeta
from tui.model.grid import Applied, Cells, StrandGrid

Q, T, K = 3, 20, 16


def info(rev: int = 0, frames: int = T) -> StrandInfo:
    meta = StrandMeta(name="s", model="m", codec_id="c", levels=Q, codebook=K, frames=frames, samples=frames * 1024)
    return StrandInfo(id="s", meta=meta, rev=rev)


def changed(rev: int, levels: tuple[int, int], frames: tuple[int, int], resized: bool = False) -> StrandChanged:
    place = Rect(LevelRange(*levels), FrameRange(*frames))
    return StrandChanged(
        strand=info(rev), kind="edit", edit="set", levels=place.levels, frames=place.frames, resized=resized
    )


@pytest.fixture
def codes() -> npt.NDArray[np.uint16]:
    return np.random.default_rng(3).integers(0, K, (Q, T)).astype(np.uint16)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, Q - 1), st.integers(0, T - 1), st.integers(0, K - 1)), max_size=20))
def test_events_in_order_give_what_the_daemon_has(edits: list[tuple[int, int, int]]) -> None:
    truth = np.zeros((Q, T), dtype=np.uint16)
    grid = StrandGrid(info(), truth)
    for rev, (level, frame, code) in enumerate(edits, 1):
        truth[level, frame] = code
        event = changed(rev, (level, level), (frame, frame + 1))
        assert (
            grid.apply(event, [np.array([[code]], dtype=np.uint16), grid.columns[:, frame : frame + 1]])
            is Applied.WRITTEN
        )
    assert np.array_equal(grid.codes, truth)
    assert np.array_equal(grid.changed, truth != 0)
    assert grid.rev == len(edits)


def test_a_missed_or_resizing_event_asks_for_the_whole_strand(codes: npt.NDArray[np.uint16]) -> None:
    grid = StrandGrid(info(), codes)
    cell = np.array([[1]], dtype=np.uint16)
    assert grid.apply(changed(2, (0, 0), (0, 1)), [cell, grid.columns[:, :1]]) is Applied.REFETCH
    assert grid.apply(changed(1, (0, 0), (0, 1), resized=True), [cell, grid.columns[:, :1]]) is Applied.REFETCH
    assert grid.apply(changed(1, (0, 1), (0, 1)), [cell, grid.columns[:, :1]]) is Applied.REFETCH
    assert grid.apply(changed(1, (0, 0), (T, T + 1)), [cell, grid.columns[:, :1]]) is Applied.REFETCH
    assert grid.rev == 0
    assert np.array_equal(grid.codes, codes)


def test_an_event_that_is_already_in_changes_nothing(codes: npt.NDArray[np.uint16]) -> None:
    grid = StrandGrid(info(5), codes)
    cell = np.array([[(int(codes[0, 0]) + 1) % K]], dtype=np.uint16)
    assert grid.apply(changed(5, (0, 0), (0, 1)), [cell, grid.columns[:, :1]]) is Applied.STALE
    assert np.array_equal(grid.codes, codes)


def test_a_cell_that_is_changed_back_is_unmarked(codes: npt.NDArray[np.uint16]) -> None:
    grid = StrandGrid(info(), codes)
    old = int(codes[1, 4])
    grid.apply(changed(1, (1, 1), (4, 5)), [np.array([[(old + 1) % K]], dtype=np.uint16), grid.columns[:, 4:5]])
    assert grid.changed[1, 4]
    assert grid.opened_code(1, 4) == old
    grid.apply(changed(2, (1, 1), (4, 5)), [np.array([[old]], dtype=np.uint16), grid.columns[:, 4:5]])
    assert not grid.changed.any()


def test_only_rows_that_were_written_count_as_changed_pixels(codes: npt.NDArray[np.uint16]) -> None:
    grid = StrandGrid(info(), codes)
    before = list(grid.versions)
    grid.apply(changed(1, (1, 1), (0, 2)), [np.array([[1, 2]], dtype=np.uint16), grid.columns[:, 0:2]])
    assert [now != then for now, then in zip(grid.versions, before, strict=True)] == [False, True, False]


def test_a_longer_strand_marks_the_new_frames(codes: npt.NDArray[np.uint16]) -> None:
    grid = StrandGrid(info(), codes)
    grid.replace(info(1, T + 2), np.concatenate([codes, codes[:, :2]], axis=1), encoded_columns(T + 2, 1024, 0.0))
    assert not grid.changed[:, :T].any()
    assert grid.changed[:, T:].all()
    assert grid.opened_code(0, T) is None


def test_a_strand_that_was_edited_before_knows_what_changed() -> None:
    opened = np.zeros((2, 6), np.uint16)
    last = opened.copy()
    last[0, 1] = 3
    codes = last.copy()
    codes[1, 4:] = 2
    columns = encoded_columns(6, 1024, 0.0)
    grid = StrandGrid(info(), codes, columns, Cells(opened, columns), Cells(last, columns))
    assert grid.changed.sum() == 3 and grid.opened_code(0, 1) == 0
    assert grid.before("opened").codes is opened and grid.before("change").codes is last

"""The surprise map and cells that are being drawn: what is known of them, and how each cell then looks."""

from typing import Any

import numpy as np
from msgspec.structs import replace

from protocol.messages.events import CellsDrawn, StrandChanged
from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import StrandMeta
from tui.model.colours import BINS
from tui.model.cursor import Cursor
from tui.model.drawn import DrawnCells, drawn_by
from tui.model.grid import StrandGrid
from tui.model.surprise import SurpriseMap
from tui.widgets.grid_view import MARK_AT, UNKNOWN, GridView


def grid(frames: int = 8) -> StrandGrid:
    meta = StrandMeta(name="a", model="m", codec_id="c", codebook=16, levels=2, frames=frames, samples=1024 * frames)
    return StrandGrid(StrandInfo(id="s", meta=meta, rev=3), np.zeros((2, frames), np.uint16))


def changed(one: StrandGrid, rev: int, level: int, first: int, past: int) -> StrandChanged:
    levels, frames = LevelRange(level, level), FrameRange(first, past)
    return StrandChanged(strand=replace(one.info, rev=rev), kind="edit", edit="", levels=levels, frames=frames)


def looks(one: StrandGrid, level: int, **more: Any) -> list[int]:
    bins = np.tile(np.arange(16) * BINS // 16, (2, 1)).astype(np.uint8)
    common: dict[str, Any] = {"first_frame": 0, "first_level": 0, "cursor": Cursor(), "rect": None, "focused": True}
    view = GridView(grid=one, bins=bins, bins_key="", muted=frozenset(), **common, **more)
    return view.looks(level, 80).tolist()


def test_an_edit_makes_its_cells_unknown_and_what_follows_stale() -> None:
    one = grid()
    scores = SurpriseMap(one)
    assert scores.wanted(2, 6) == 2 and scores.words(0, 3) == ""
    scores.fill(FrameRange(0, 8), np.arange(16).reshape(2, 8) * 10)
    assert scores.wanted(0, 8) is None and scores.words(0, 0) == "0.0 bits: expected"
    assert scores.words(1, 1) == "9.0 bits: surprising"
    assert scores.follow(changed(one, 4, 1, 3, 5))
    assert scores.words(1, 3) == "" and scores.words(0, 3) == "3.0 bits: plausible"
    assert scores.wanted(0, 8) == 3, "frames before an edit cost what they did"
    assert not scores.follow(changed(one, 9, 1, 3, 5)), "an edit was missed"


def test_cells_are_coloured_by_bits_and_a_zoomed_cell_by_the_mean_of_those_that_are_known() -> None:
    one = grid()
    scores = SurpriseMap(one)
    scores.fill(FrameRange(0, 5), np.array([[0, 9, 10, 254, 119], [50, 70, 0, 0, 30]]))
    assert looks(one, 0, surprise=scores) == [0, 0, 1, 11, 11, UNKNOWN, UNKNOWN, UNKNOWN]
    assert looks(one, 1, surprise=scores, zoom=2) == [6, 0, 3, UNKNOWN]


def test_cells_fill_in_as_they_are_drawn_and_the_grid_stays() -> None:
    one = grid()
    event = CellsDrawn(strand="s", cause=b"r", levels=LevelRange(1, 1), frames=FrameRange(2, 2), whole=FrameRange(2, 6))
    assert drawn_by(replace(event, frames=FrameRange(3, 4)), [np.array([[15]])], None) is None, "its begin was missed"
    drawn = drawn_by(event, [np.zeros((1, 0)), np.array([[1, 1, 0, 1]])], None)
    assert isinstance(drawn, DrawnCells)
    assert looks(one, 1, drawn=drawn) == [0, 0, UNKNOWN, UNKNOWN, 0, UNKNOWN, 0, 0]
    for first, codes in ((2, [[15, 0]]), (5, [[3]]), (4, [[15]])):  # the second does not follow: it is ignored
        frames = FrameRange(first, first + len(codes[0]))
        assert drawn_by(replace(event, frames=frames), [np.array(codes, np.uint16)], drawn) is drawn
    assert drawn.words() == "3 of 4 frames drawn"
    assert looks(one, 1, drawn=drawn) == [0, 0, 11 + MARK_AT, MARK_AT, 0, UNKNOWN, 0, 0]
    assert looks(one, 0, drawn=drawn) == [0] * 8 and not one.codes.any()

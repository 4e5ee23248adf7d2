"""What keys mean as edits, and what is remembered of the screen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.edits import Edit, check_edit, format_edit
from protocol.messages.models import Atlas
from protocol.messages.strands import StrandInfo
from protocol.ranges import LevelRange
from protocol.strands import StrandMeta
from tui.model.atlas import CodeAtlas
from tui.model.cursor import Cursor, Selection
from tui.model.editor import Editor
from tui.model.grid import StrandGrid
from tui.model.pending import EditChain
from tui.model.viewport import BARS, LEAST_PANE, Split, divide_rows, page_start, row_start, share_rows
from tui.model.words import describe_cell, describe_rect
from tui.model.workspace import dump_workspace, load_workspace, restore


def grid(name: str, frames: int = 40, seed: int = 1) -> StrandGrid:
    meta = StrandMeta(name=name, model="m", codec_id="c", levels=4, codebook=16, frames=frames, samples=frames * 1024)
    codes = np.random.default_rng(seed).integers(0, 16, (4, frames)).astype(np.uint16)
    return StrandGrid(StrandInfo(id=f"id-{name}", meta=meta, rev=0), codes)


@pytest.fixture
def editor() -> Editor:
    made = Editor()
    made.open_in(0, "id-one")
    made.open_in(1, "id-two")
    return made


def test_swap_exchanges_the_same_frames_while_cursors_are_linked(editor: Editor) -> None:
    one, two = grid("one"), grid("two")
    editor.pane.selection = Selection(Cursor(0, 10))
    editor.place(Cursor(1, 13), [one, two])
    assert editor.other.cursor == Cursor(1, 13)
    rect = editor.pane.rect(one)
    assert format_edit(check_edit(editor.pair(Edit(op="swap", args=["other"]), rect))) == "swap id-two q0-1 @10:14"
    assert editor.swap_words(rect) == "{edit.swap} swaps with B @10:14 (same frames)"


def test_swap_lands_at_the_other_cursor_once_they_are_free(editor: Editor) -> None:
    one, two = grid("one"), grid("two")
    editor.linked = False
    editor.focus = 1
    editor.place(Cursor(0, 30), [one, two])
    editor.focus = 0
    editor.place(Cursor(2, 5), [one, two])
    assert editor.other.cursor == Cursor(0, 30)
    rect = editor.pane.rect(one, 4)
    assert format_edit(editor.pair(Edit(op="swap", args=["other"]), rect)) == "swap id-two q2 @5:9 at=30"
    assert editor.swap_words(rect) == "{edit.swap} swaps with B @30:34 (its cursor)"


def test_a_linked_cursor_stops_at_the_shorter_strand(editor: Editor) -> None:
    editor.place(Cursor(3, 39), [grid("one", 40), grid("two", 12)])
    assert editor.pane.cursor == Cursor(3, 39)
    assert editor.other.cursor == Cursor(3, 11)


def test_linked_panes_turn_and_zoom_as_one_and_the_shorter_one_keeps_its_last_page(editor: Editor) -> None:
    grids: list[StrandGrid | None] = [grid("one", 100), grid("two", 70)]
    for pane in editor.panes:
        pane.columns = 20

    def pages() -> list[tuple[int, int, int]]:
        return [(pane.first_frame, pane.cursor.frame, pane.zoom) for pane in editor.panes]

    editor.place(Cursor(0, 45), grids)
    assert pages() == [(40, 45, 1), (40, 45, 1)]
    editor.place(Cursor(0, 65), grids)
    assert pages() == [(60, 65, 1), (60, 65, 1)], "the same page, though only ten frames of it are left over there"
    editor.place(Cursor(0, 95), grids)
    assert pages() == [(80, 95, 1), (60, 69, 1)]
    editor.focus = 1
    editor.settle(grids)
    assert pages() == [(80, 95, 1), (60, 69, 1)], "changing sides turns no page"
    editor.place(Cursor(0, 5), grids)
    editor.pane.zoom = 2
    editor.settle(grids)
    assert pages() == [(0, 5, 2), (0, 5, 2)]
    editor.settle(grids, (90, None))
    assert pages() == [(60, 5, 2), (60, 5, 2)], "with the playhead too"
    editor.linked = False
    editor.pane.zoom = 1
    editor.place(Cursor(0, 30), grids)
    assert pages() == [(0, 5, 2), (20, 30, 1)]


def test_linked_cursors_of_strands_with_other_frames_stand_at_the_same_time(editor: Editor) -> None:
    one, two = grid("one", 100), grid("two", 200)
    two.info = replace(two.info, meta=replace(two.info.meta, frame_rate=2 * one.frame_rate))
    editor.place(Cursor(0, 40), [one, two])
    assert editor.other.cursor.frame == 80
    editor.pane.zoom = 4
    editor.settle([one, two])
    assert editor.other.zoom == 1, "their pages are not equally long"


def test_repeat_does_the_last_change_with_its_size_at_the_cursor(editor: Editor) -> None:
    one = grid("one")
    editor.pane.selection = Selection(Cursor(0, 2))
    editor.place(Cursor(1, 4), [one, None])
    assert format_edit(editor.set(editor.pane.rect(one), 7)) == "set 7 q0-1 @2:5"
    editor.pane.selection = None
    editor.place(Cursor(2, 20), [one, None])
    again = editor.repeat(one, None)
    assert again is not None
    assert format_edit(again) == "set 7 q2-3 @20:23"
    editor.place(Cursor(3, 39), [one, None])
    cropped = editor.repeat(one, None)
    assert cropped is not None
    assert format_edit(cropped) == "set 7 q3 @39:40"


def test_nothing_to_repeat_at_first(editor: Editor) -> None:
    assert editor.repeat(grid("one"), None) is None


def test_a_workspace_comes_back_as_it_was(editor: Editor) -> None:
    one, two = grid("one"), grid("two")
    editor.pane.selection = Selection(Cursor(0, 3), all_levels=True)
    editor.place(Cursor(2, 30), [one, two])
    editor.focus, editor.linked, editor.muted, editor.loop = 1, False, {3}, True
    state = load_workspace(dump_workspace(editor, "editor", "job-1"))
    assert state is not None
    again = Editor()
    restore(again, state, {"id-one", "id-two"})
    assert again == editor
    assert (state.screen, state.job) == ("editor", "job-1")


def test_a_workspace_leaves_out_strands_that_are_gone(editor: Editor) -> None:
    state = load_workspace(dump_workspace(editor, "editor", None))
    assert state is not None
    again = Editor()
    restore(again, state, {"id-two"})
    assert [pane.strand for pane in again.panes] == [None, "id-two"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"panes": 3}', "x" * 70_000])
def test_a_workspace_that_cannot_be_read_is_none(text: str) -> None:
    assert load_workspace(text) is None


def test_a_burst_of_edits_names_the_one_before_and_then_the_screen_again() -> None:
    chain = EditChain()
    first, second = chain.next(4), chain.next(4)
    assert (first.if_rev, first.after) == (4, None)
    assert (second.if_rev, second.after) == (None, first.request_id)
    chain.done(first.request_id, 5)
    chain.done(second.request_id, 6)
    lagging = chain.next(4)
    assert lagging.after == second.request_id, "the answers overtook the events"
    chain.done(lagging.request_id, 7)
    assert chain.next(7).if_rev == 7


def test_only_the_first_refusal_of_a_burst_is_news() -> None:
    chain = EditChain()
    tickets = [chain.next(0) for _ in range(3)]
    chain.expect(0, 0, 5)
    assert [chain.failed(ticket.request_id) for ticket in tickets] == [True, False, False]
    assert not chain.expected
    fresh = chain.next(9)
    assert fresh.if_rev == 9
    assert chain.failed(fresh.request_id), "a new burst reports again"


@pytest.mark.parametrize("frame", [0, 59, 60, 61, 119, 120, 149])
@pytest.mark.parametrize("first", [0, 30, 90, 500])
def test_pages_turn_only_when_the_cursor_leaves_them(frame: int, first: int) -> None:
    start = page_start(frame, first, 60, 150)
    assert start <= frame < start + 60
    assert 0 <= start <= 90
    shown = min(first, 90)
    if shown <= frame < shown + 60:
        assert start == shown


def test_levels_follow_the_cursor_no_further_than_needed() -> None:
    assert [row_start(level, 0, 4, 12) for level in (0, 3, 4, 11)] == [0, 0, 1, 8]
    assert row_start(2, 5, 4, 12) == 2
    assert row_start(11, 9, 20, 12) == 0


@pytest.mark.parametrize("height", range(16, 60))
@pytest.mark.parametrize("levels", [1, 4, 8, 12, 32])
@pytest.mark.parametrize("focus", [0, 1])
def test_both_panes_always_fit_and_show_a_level(height: int, levels: int, focus: int) -> None:
    a, b = share_rows(height, levels, levels, focus)
    assert a.total + b.total + 3 <= height
    assert a.grid >= 1
    assert b.grid >= 1


def test_levels_are_shown_whole_before_waveforms() -> None:
    a, b = share_rows(24, 8, 8, 0)
    assert (a.grid, b.grid) == (8, 8)
    assert a.tall == 1


def test_a_high_terminal_draws_levels_taller() -> None:
    high = share_rows(50, 8, 8, 0)
    assert [(rows.levels, rows.tall) for rows in high] == [(8, 2), (8, 2)]
    assert min(rows.wave for rows in high) >= 4
    thrifty = share_rows(50, 8, 8, 0, tallest=1)
    assert [(rows.levels, rows.tall) for rows in thrifty] == [(8, 1), (8, 1)]
    assert share_rows(80, 12, 4, 0)[0].tall == 3


@given(
    height=st.integers(16, 120),
    levels=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    focus=st.integers(0, 1),
    share=st.floats(0.001, 0.999),
    zoomed=st.booleans(),
    tall=st.integers(0, 3),
)
def test_a_divided_screen_is_filled_and_no_pane_disappears(
    height: int, levels: tuple[int, int], focus: int, share: float, zoomed: bool, tall: int
) -> None:
    rows = divide_rows(height, levels, focus, Split(share, zoomed), 3, tall)
    assert sum(pane.total for pane in rows) == height - BARS
    for index, (pane, count) in enumerate(zip(rows, levels, strict=True)):
        assert pane.is_hidden == (zoomed and index != focus)
        assert pane.is_hidden or (pane.total >= LEAST_PANE and 1 <= pane.levels <= count)
    if not zoomed:
        moved = Split(share).moved(height, rows[0].total + 1)
        assert divide_rows(height, levels, focus, moved, 3, tall)[0].total >= rows[0].total


def test_the_cell_is_described_in_words() -> None:
    one, two = grid("one"), grid("two", seed=2)
    one.codes[1, 5] = 9
    one.codes[1, 6:] = 3
    two.codes[1, :] = 0
    two.codes[1, 23] = 9
    one._mark(LevelRange(0, 3))  # pyright: ignore[reportPrivateUsage]
    words = describe_cell(one, Cursor(1, 5), None, two, "B")
    assert words.startswith("q1 · frame 5 (0.11 s) · code 9 of 16")
    assert "changed from" in words
    assert "in B at 0.49 s" in words
    info = Atlas(model="m", codec_id="c", state="ready", descriptors=["brightness"], labels={"1:9": "thud"})
    table = np.arange(64, dtype=np.float32).reshape(4, 16, 1)
    words = describe_cell(one, Cursor(1, 5), CodeAtlas(info, table, np.full((4, 16, 1), 2)), two, "B")
    assert "· code 9 'thud': brighter (sure) · used" in words
    one.columns[1:, 5] = (0, 2 * 48_000, -1)  # the source, its sample, and the direction
    assert describe_cell(one, Cursor(1, 5), None, two, "B").startswith(
        "q1 · frame 5 (0.11 s) · from one at 2.00 s, backwa"
    )


def test_a_rectangle_is_described_in_words(editor: Editor) -> None:
    one = grid("one")
    editor.pane.selection = Selection(Cursor(0, 0))
    editor.place(Cursor(1, 15), [one, None])
    assert describe_rect(editor.pane.rect(one), one) == "q0-1 @0:16  2 × 16 cells  0.34 s"


def test_the_newest_macros_are_kept_as_far_as_there_is_room() -> None:
    macros = {"a": ["j"] * 5000, "b": ["l", "s"], "c": ["ctrl+r"] * 500}
    state = load_workspace(dump_workspace(Editor(), "editor", None, macros))
    assert state is not None and state.macros == {"b": macros["b"], "c": macros["c"]}

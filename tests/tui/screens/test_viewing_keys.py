"""Zoom, finding, marks, onsets and switching strands, through the real daemon."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.model.viewport import GUTTER
from tui.session.onsets import Found

pytestmark = pytest.mark.usefixtures("clean")


async def test_zoom_goes_by_powers_of_two_up_to_the_whole_strand(opened: Any, long_sound: Path, until: Any) -> None:
    async with opened((80, 24), open_paths=[long_sound]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid)
        grid, pane, widgets = app.screen.context.grid, app.editor.pane, app.screen.view.widgets[0]
        assert grid.frames == 188
        assert pane.columns == 80 - GUTTER
        zooms: list[int] = []
        for keys in ("zo", "zo", "zo", "zi", "zi", "zi", "zz", "zz"):
            await pilot.press(*keys)
            zooms.append(pane.zoom)
        assert zooms == [2, 3, 3, 2, 1, 1, 3, 1]
        await pilot.press("2", "0", "l", "m", "a", "g", "g", "0", "z", "o", "l")
        assert pane.cursor.frame == 2
        assert "1 cell = 2 frames" in widgets.header.text
        row = widgets.grid.line(0, 80).text[GUTTER:]
        assert row[1] == "+"
        assert len(row) == pane.columns
        assert widgets.ruler.line(0, 80).text[GUTTER + 10] == "a", "frame 20 is in the eleventh cell"
        await pilot.press("z", "o")
        assert len(widgets.grid.line(0, 80).text[GUTTER:]) == 63, "the last cell holds two frames"
        await pilot.press("'", "a", "z", "z")
        assert pane.cursor.frame == 20


async def test_linked_panes_are_read_side_by_side_until_they_are_freed(
    opened: Any, long_sound: Path, sounds: list[Path], until: Any
) -> None:
    async with opened((80, 24), open_paths=[long_sound, sounds[5]]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        a, b = app.editor.panes
        rulers = [widgets.ruler for widgets in app.screen.view.widgets]
        await pilot.press("z", "o", "3", "0", "|")
        assert (a.zoom, b.zoom, b.cursor.frame) == (2, 2, 30)
        assert rulers[1].line(0, 80).text[:40] == rulers[0].line(0, 80).text[:40]
        await pilot.press("z", "i", "1", "2", "0", "|")
        assert (a.first_frame, b.first_frame, b.cursor.frame) == (69, 0, app.screen.context.grids()[1].frames - 1)
        await pilot.press("=", "z", "o")
        assert "panes unlinked" in app.screen.mode.text or "frames in a cell" in app.screen.mode.text
        assert (a.zoom, b.zoom) == (2, 1)
        await pilot.press("=")
        assert (a.zoom, b.zoom) == (2, 2)


async def test_find_and_marks(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((80, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        grid, pane = app.screen.context.grid, app.editor.pane
        await pilot.press("2", "0", "l")
        await pilot.press("'", "q")
        assert "no mark is called q" in app.screen.mode.text
        code = int(grid.codes[0, 20])
        first = int(np.flatnonzero(grid.codes[0] == code)[0])
        await pilot.press("$", "/", *str(code), "enter")
        assert pane.cursor.frame == first
        assert f"1 of {np.count_nonzero(grid.codes[0] == code)}" in app.screen.mode.text
        await pilot.press("/", *"9999", "enter")
        assert "is not a code" in app.screen.mode.text
        assert app.screen.prompt.value == "9999", "a refused answer stays, to be corrected"
        await pilot.press("escape", "g", "d")
        said = " ".join(app.screen.lines.block.lines) or app.screen.mode.text
        assert "strand A, tone 0" in said
        assert f"of {grid.frames}" in said


async def test_onsets_are_asked_for_once_and_gone_to(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((80, 24), open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid)
        grid, onsets, pane = app.screen.context.grid, app.session.onsets, app.editor.pane
        assert onsets.known(grid.id, grid.rev) is None
        await pilot.press("$", "(")
        await until(pilot, lambda: onsets.known(grid.id, grid.rev) is not None)
        frames = sorted(set((onsets.known(grid.id, grid.rev).samples // 1024).tolist()))
        earlier = [frame for frame in frames if frame < grid.frames - 1]
        await until(pilot, lambda: pane.cursor.frame == earlier[-1])
        onsets.known = lambda *_: Found(np.array([0, 12 * 1024 + 500, 20 * 1024], np.int32), ())
        await pilot.press("0", ")")
        assert pane.cursor.frame == 12
        await pilot.press("0", "2", ")")
        assert pane.cursor.frame == 20
        await pilot.press(")")
        assert "no onset after frame 20" in app.screen.mode.text


async def test_any_open_strand_can_be_shown(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((80, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        await app.files.open_in_pane(sounds[2], 0, None)
        await until(pilot, lambda: app.screen.context.grid and app.screen.context.grid.name == "tone 2")
        await pilot.press("5", "l", ":", *"b 'tone 0'", "enter")
        await until(pilot, lambda: app.screen.context.grid.name == "tone 0")
        assert app.editor.pane.cursor.frame == 0
        await pilot.press("g", "b", *"tone 2", "enter")
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid.name == "tone 2")
        assert app.editor.pane.cursor.frame == 5, "where it was left"
        names = [info.meta.name for info in app.session.strands.values()]
        seen = []
        for _ in names:
            before = app.editor.pane.strand
            await pilot.press("g", "j")
            await until(pilot, lambda before=before: app.editor.pane.strand != before and app.screen.context.grid)
            seen.append(app.screen.context.grid.name)
        assert sorted(seen) == sorted(names)
        await pilot.press(":", *"b nobody", "enter")
        assert "no open strand is called nobody" in app.screen.mode.text


async def test_pages_turn_with_the_playhead_unless_switched_off(opened: Any, long_sound: Path, until: Any) -> None:
    async with opened((80, 24), open_paths=[long_sound]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid)
        grid, pane = app.screen.context.grid, app.editor.pane
        app.screen.size  # noqa: B018 - laid out
        await pilot.press("F")
        app.sound._strand, app.sound._frame = grid.id, grid.frames - 1
        app._on_change("playhead", "")
        assert pane.first_frame == 0
        await pilot.press("F")
        assert pane.first_frame + pane.page_frames >= grid.frames, "the page of the last frame"
        assert pane.cursor.frame == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 30)])
async def test_the_sound_is_always_said_on_top(
    opened: Any, sounds: list[Path], until: Any, size: tuple[int, int]
) -> None:
    async with opened(size, open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid and not app.sound.why_not)
        await until(pilot, lambda: "sound paced" in app.screen.top.line(0, size[0]).text)
        from protocol.messages.jobs import JobInfo

        job = JobInfo(id="j", kind="train", subject="a corpus with a very long name", state="running", progress=0.5)
        app.session.jobs["j"] = job
        app.screen.draw()
        shown = app.screen.top.line(0, size[0]).text
        assert "sound paced" in shown
        assert "50 %" in shown


async def test_pictures_in_other_colours_letters_and_bands(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((100, 40), open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid)
        grid, widgets = app.screen.context.grid, app.screen.view.widgets[0]
        await until(pilot, lambda: app.session.grids.waves[grid.id].wanted(0, grid.frames) is None)
        rows = widgets.wave.size.height

        def strip() -> list[str]:
            return [widgets.wave.line(y, 100).text for y in range(rows)]

        wave = strip()
        await pilot.press("z", "s")
        assert any("spectrum" in row for row in strip())
        styles = {segment.style for y in range(rows) for segment in list(widgets.wave.line(y, 100))[1:]}
        assert len(styles) > 3, "several shades"
        await pilot.press("z", "c")
        assert "batlow" in app.screen.mode.text
        assert {segment.style for y in range(rows) for segment in list(widgets.wave.line(y, 100))[1:]} != styles
        before = widgets.grid.line(0, 100).text[GUTTER:]
        await pilot.press("z", "l")
        letters = widgets.grid.line(0, 100).text[GUTTER:]
        assert not before.strip("+ ")
        assert set(letters.strip()) <= set("abcdefghijkl")
        assert "=" in "".join(strip()), "the spectrogram in letters too"
        await pilot.press("z", "l", "z", "s", "z", "v")
        assert strip() == wave
        assert app.editor.cursor_shown

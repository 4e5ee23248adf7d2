"""Tempo, beats and bars in the editor, through the real daemon."""

import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.messages.strands import ListStrands
from protocol.ranges import FrameRange
from protocol.tempo import Tempo
from tui.editor import timing

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def editor(opened: Any, long_sound: Path, until: Any) -> Any:
    """The editor with a sound of 4 s open."""

    async def ready(pilot: Any, app: Any) -> Any:
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        return app.screen

    return (lambda: opened((120, 30), open_paths=[long_sound])), ready


async def test_a_tempo_is_typed_and_shown_and_kept_by_the_daemon(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        context = screen.context
        await pilot.press("W")
        await until(pilot, lambda: "no tempo yet" in screen.mode.text)
        await pilot.press(":", *"tempo 120", "enter")
        await until(pilot, lambda: context.grid.tempo == Tempo(bpm=120))
        assert context.grid.info.undo_depth == 0
        await pilot.press("5", "0", "l")
        await until(pilot, lambda: "1.07 / 4.01 s, bar 1.3" in screen.top.text)
        assert "120 bpm" in screen.view.widgets[0].header.text
        ruler = "".join(segment.text for segment in screen.view.widgets[0].ruler.line(0, 100))
        assert "1.2" in ruler and "0.5" not in ruler
        stored = (await app.session.ask(ListStrands())).body.strands
        assert [info.meta.tempo for info in stored if info.id == context.grid.id] == [Tempo(bpm=120)]
        await pilot.press(":", *"tempo 7", "enter")
        await until(pilot, lambda: "20 to 400" in screen.mode.text)


async def test_a_bar_is_mutated_with_three_keys_and_saved_to_the_sample(
    editor: Any, until: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        context = screen.context
        screen.command_line.run("tempo 120")
        await until(pilot, lambda: context.grid.tempo is not None)
        before = context.grid.codes.copy()
        await pilot.press(";", ";")
        assert app.editor.pane.cursor.frame == 47
        await pilot.press("W", "R", "enter")
        await until(pilot, lambda: not np.array_equal(context.grid.codes, before))
        assert np.array_equal(context.grid.codes[:, 94:], before[:, 94:])
        assert app.editor.pane.rect(context.grid).frames == FrameRange(0, 94)
        await pilot.press("W")  # one bar more
        assert app.editor.pane.rect(context.grid).frames == FrameRange(0, 188)
        monkeypatch.chdir(tmp_path)
        app.editor.folder = str(tmp_path)
        await pilot.press("d", "w", "enter")
        await until(pilot, lambda: list(tmp_path.glob("*.wav")) and "wrote" in screen.mode.text)
        with wave.open(str(next(tmp_path.glob("*.wav")))) as file:
            assert file.getnframes() == 192_000
        screen.command_line.run(f"w {tmp_path / 'bar.wav'} @bar2")
        await until(pilot, lambda: (tmp_path / "bar.wav").exists() and "bar.wav" in screen.mode.text)
        with wave.open(str(tmp_path / "bar.wav")) as file:
            assert file.getnframes() == 96_000


async def test_ranges_are_selected_by_typing_and_snap_moves_by_beats(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        context, pane = screen.context, app.editor.pane
        screen.command_line.run("@bar2")
        assert "needs a tempo" in screen.mode.text
        screen.command_line.run("tempo 120")
        await until(pilot, lambda: context.grid.tempo is not None)
        screen.command_line.run("@1.2:1.4")
        assert pane.rect(context.grid).frames == FrameRange(23, 70)
        assert pane.rect(context.grid).height == context.grid.levels
        screen.command_line.run("@9.1:")
        assert "not in" in screen.mode.text
        await pilot.press("escape", "0", "z", "b")
        assert "snap beat" in screen.view.widgets[0].header.text
        await pilot.press("l", "l")
        assert pane.cursor.frame == 47
        await pilot.press("v", "l", "l")
        assert pane.rect(context.grid).frames == FrameRange(47, 94)
        await pilot.press("h")
        assert pane.rect(context.grid).frames == FrameRange(47, 70)
        await pilot.press("escape", "0", "E")
        assert pane.rect(context.grid).frames == FrameRange(0, 23)
        await pilot.press("escape", "z", "b", "z", "b", "0", "l")
        assert pane.cursor.frame == 1


async def test_four_taps_set_a_tempo_that_fits_the_sound(editor: Any, until: Any, monkeypatch: Any) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        now = iter([10.0, 10.507, 11.01, 11.512])
        monkeypatch.setattr(timing, "monotonic", lambda: next(now))
        await pilot.press("T", "T", "T")
        assert "tap 3 of 4" in screen.mode.text
        await pilot.press("T")
        monkeypatch.undo()
        await until(pilot, lambda: screen.context.grid.tempo == Tempo(bpm=120))


async def test_an_estimate_is_offered_and_set_with_all_its_digits(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        await pilot.press(":", *"tempo", "enter")
        await until(pilot, lambda: screen.prompt.is_open and "tempo of" in screen.prompt.label)
        offered = screen.prompt.value
        assert offered
        await pilot.press("enter")
        await until(pilot, lambda: screen.context.grid.tempo is not None)
        tempo = screen.context.grid.tempo
        meta = screen.context.grid.info.meta
        assert tempo.bpm == pytest.approx(float(offered), abs=0.01)
        beats = meta.samples / 48_000 * tempo.bpm / 60
        assert beats == pytest.approx(round(beats), abs=1e-6)


async def test_a_strand_that_is_opened_has_the_tempo_of_the_settings(
    editor: Any, sounds: list[Path], until: Any
) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        assert screen.context.grid.tempo is None
        app.settings = replace(app.settings, tempo=97.5)
        await app.files.open_in_pane(sounds[0], 0, None)
        await until(pilot, lambda: screen.context.grid is not None and screen.context.grid.tempo == Tempo(bpm=97.5))


async def test_a_loop_is_smoothed_with_a_key(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        grid = screen.context.grid
        before = grid.columns.copy()
        await pilot.press("e", "l")
        await until(pilot, lambda: "the loop point" in screen.mode.text)
        assert not np.array_equal(grid.columns[0], before[0])
        await pilot.press("u")
        await until(pilot, lambda: np.array_equal(grid.columns, before))

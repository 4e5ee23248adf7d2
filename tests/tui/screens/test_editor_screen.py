"""The editor's keys, through the real daemon, in Textual's pilot."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.edits import Edit
from protocol.messages.strands import ApplyEdit
from protocol.places import places_of
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import unpack_strand
from tui.model.cursor import Cursor
from tui.model.viewport import GUTTER
from tui.transport.client import Client

pytestmark = pytest.mark.usefixtures("clean")


async def test_a_rectangle_is_swapped_and_comes_back_on_both_strands(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before = (a.codes.copy(), b.codes.copy())
        await pilot.press("4", "l", "v", "7", "l", "j")
        assert "VISUAL" in app.screen.mode.text
        assert "s swaps with B @4:12 (same frames)" in app.screen.mode.text
        await pilot.press("s")
        await until(pilot, lambda: a.rev == 1 and b.rev == 1)
        assert np.array_equal(a.codes[:2, 4:12], before[1][:2, 4:12])
        assert np.array_equal(b.codes[:2, 4:12], before[0][:2, 4:12])
        assert np.array_equal(a.codes[2:], before[0][2:])
        await pilot.press("escape", "tab", "u")
        await until(pilot, lambda: a.rev == 2 and b.rev == 2)
        assert np.array_equal(a.codes, before[0])
        assert np.array_equal(b.codes, before[1])
        await pilot.press("ctrl+r")
        await until(pilot, lambda: a.rev == 3)
        assert np.array_equal(a.codes[:2, 4:12], before[1][:2, 4:12])


async def test_freed_cursors_let_a_swap_land_elsewhere(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before = (a.codes.copy(), b.codes.copy())
        await pilot.press("=", "tab", "2", "0", "|", "tab", "0", "4", "s")
        await until(pilot, lambda: a.rev == 1 and b.rev == 1)
        assert np.array_equal(a.codes[0, :4], before[1][0, 20:24])
        assert np.array_equal(b.codes[0, 20:24], before[0][0, :4])


async def test_a_held_key_neither_waits_nor_conflicts(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        grid = app.screen.context.grid
        await until(pilot, lambda: app.session.atlases.colours("toy").ranks is not None)
        order = np.argsort(app.session.atlases.colours("toy").ranks[0])
        start = int(order[1])
        await pilot.press("r", *str(start), "enter")
        await until(pilot, lambda: grid.codes[0, 0] == start)
        before = grid.info.undo_depth
        await pilot.press(*["]"] * 25)
        steps = min(25, grid.codebook - 2)
        last = int(order[1 + steps])
        await until(pilot, lambda: grid.codes[0, 0] == last and not app.session.edits.chains[grid.id].waiting)
        assert grid.info.undo_depth == before + steps
        await pilot.press(*str(steps), "u")
        await until(pilot, lambda: grid.codes[0, 0] == start)


async def test_registers_and_repeat(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        grid = app.screen.context.grid
        await pilot.press("v", "3", "l", "j", '"', "c", "y")
        await until(pilot, lambda: "c" in app.session.edits.registers.known)
        assert app.editor.pane.selection is None
        copied = grid.codes[:2, :4].copy()
        await pilot.press("2", "0", "|", '"', "c", "p")
        await until(pilot, lambda: grid.rev >= 1 and np.array_equal(grid.codes[:2, 20:24], copied))
        rev = grid.rev
        await pilot.press("3", "0", "|", ".")
        await until(pilot, lambda: grid.rev > rev)
        assert np.array_equal(grid.codes[:2, 30:34], copied)


async def test_a_key_that_cannot_work_says_why(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("u")
        assert "nothing to undo" in app.screen.mode.text
        await pilot.press("o")
        assert "no selection: start one with v" in app.screen.mode.text
        await pilot.press("g", "x")
        assert "has no action here" in app.screen.mode.text
        await pilot.press("ctrl+c")
        assert "ctrl+q or :q quits" in app.screen.mode.text
        await pilot.press("v", "l", "]")
        assert "a rectangle cannot step" in app.screen.mode.text


async def test_the_command_line_takes_every_edit_and_names_what_is_wrong(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        grid = app.screen.context.grid
        for line, said in (
            ("set 1 q9 @0:1", "level"),
            ("set 99999 q0 @0:1", "code"),
            ("fly", "no command is called 'fly'"),
            ("swap nobody q0", "no open strand is called nobody"),
        ):
            app.screen.command_line.run(line)
            await until(pilot, lambda said=said: said in app.screen.mode.text)
            assert grid.rev == 0
        await pilot.press(":", *"set 1 q0 @2:5", "enter")
        await until(pilot, lambda: grid.rev == 1)
        assert (grid.codes[0, 2:5] == 1).all()
        await pilot.press("v", "2", "l", ":", *"set 4", "enter")
        await until(pilot, lambda: grid.rev == 2)
        assert (grid.codes[0, :3] == 4).all()
        assert grid.codes[0, 3] == 1
        await pilot.press("escape")
        app.screen.command_line.run("swap B q1 @0:500")
        await until(pilot, lambda: "crop" in app.screen.mode.text)


async def test_another_clients_edit_appears_at_once(with_two: Any, until: Any, home: Path) -> None:
    async with with_two() as (app, pilot):
        grid = app.screen.context.grid
        async with Client(places_of(home).endpoint) as other:
            edit = Edit(op="set", args=["2"], levels=LevelRange(1, 1), frames=FrameRange(7, 9))
            await other.ask(ApplyEdit(strand=grid.id, edit=edit))
            await until(pilot, lambda: grid.rev == 1)
            assert (grid.codes[1, 7:9] == 2).all()
        await pilot.press("j", "7", "l")
        assert "code 2" in app.screen.words.text
        assert "1 edit" in app.screen.view.widgets[0].header.text


async def test_the_name_offered_for_a_save_is_never_the_sources(
    with_two: Any, until: Any, tmp_path: Path, sounds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_two() as (app, pilot):
        for folder, edited, offered in (
            (tmp_path, False, "tone 0.wav"),
            (sounds[0].parent, False, "tone 0-2.wav"),
            (tmp_path, True, "tone 0-edited.wav"),
        ):
            monkeypatch.chdir(folder)
            if edited:
                await pilot.press("r", "1", "enter")
                await until(pilot, lambda: app.screen.context.grid.rev == 1)
            await pilot.press("ctrl+s")
            assert app.screen.prompt.value == offered
            await pilot.press("escape")


async def test_saving_writes_what_was_asked_and_never_over_a_file(with_two: Any, until: Any, tmp_path: Path) -> None:
    async with with_two() as (app, pilot):
        grid = app.screen.context.grid
        out = tmp_path / "my sound.wav"
        app.screen.command_line.run(f"w '{out}'")
        await until(pilot, lambda: "wrote" in app.screen.mode.text)
        with wave.open(str(out)) as file:
            assert (file.getnframes(), file.getframerate(), file.getsampwidth()) == (grid.info.meta.samples, 48_000, 3)
        app.screen.command_line.run(f"w '{out}'")
        assert "exists" in app.screen.mode.text
        app.screen.command_line.run("w /nowhere/x.mp3")
        assert "write FILE.wav or FILE.alle" in app.screen.mode.text
        app.screen.command_line.run(f"w {tmp_path}/s.alle")
        await until(pilot, lambda: "s.alle" in app.screen.mode.text and "bytes" in app.screen.mode.text)
        meta, codes, _ = unpack_strand((tmp_path / "s.alle").read_bytes())
        assert meta.model == "toy"
        assert np.array_equal(codes, grid.codes)
        app.screen.command_line.run(f"open {tmp_path}/s.alle")
        await until(pilot, lambda: app.screen.context.grid is not None and app.screen.context.grid.id != grid.id)
        assert np.array_equal(app.screen.context.grid.codes, codes)


async def test_playing_moves_the_playhead_on_the_ruler_only(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        await until(pilot, lambda: app.sound.why_not == "")
        grid = app.screen.context.grid
        await pilot.press("space")
        await until(pilot, lambda: (app.sound.playhead(grid) or 0) > 3)
        assert app.sound.playhead(app.screen.context.grid_of(1)) is None
        await pilot.press("space")
        await until(pilot, lambda: not app.sound.playing)
        assert app.sound.playhead(grid) is None
        await pilot.press("2", "l", "v", "3", "0", "l", "enter")  # 0.66 s: long enough to be seen
        await until(pilot, lambda: app.sound.playing)
        await until(pilot, lambda: not app.sound.playing, 10.0)


async def test_muting_is_for_listening_only(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("j", "M")
        assert app.editor.muted == {1}
        assert "muted 1" in app.screen.view.widgets[0].header.text
        assert app.screen.context.grid.rev == 0
        await pilot.press("M")
        assert app.editor.muted == set()


async def test_the_waveform_of_the_visible_page_is_decoded(with_two: Any, until: Any) -> None:
    async with with_two((100, 40)) as (app, pilot):
        grid = app.screen.context.grid
        await until(pilot, lambda: app.session.grids.waves[grid.id].wanted(0, grid.frames) is None)
        assert np.isfinite(app.session.grids.waves[grid.id].peaks).all()
        await pilot.press("r", "1", "enter")
        await until(pilot, lambda: app.session.grids.waves[grid.id].wanted(0, 1) is None and grid.rev == 1)


async def test_everything_is_there_again(with_two: Any, opened: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("1", "0", "l", "j", "r", "5", "enter", "=", "V", "3", "l", "M")
        await until(pilot, lambda: app.screen.context.grid.rev == 1)
        before = app.workspace()
    async with opened() as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and all(app.screen.context.grids()))
        assert app.workspace() == before
        assert app.editor.pane.cursor.frame == 13
        assert app.screen.context.grid.info.undo_depth == 1
        assert "VISUAL" in app.screen.mode.text
        await pilot.press("u")
        await until(pilot, lambda: app.screen.context.grid.rev == 2)


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (80, 16), (60, 16), (200, 50), (300, 80)])
async def test_any_size_of_terminal_works_or_says_so(with_two: Any, size: tuple[int, int]) -> None:
    async with with_two(size) as (app, pilot):
        small = size[0] < 60 or size[1] < 16
        assert app.screen.has_class("small") == small
        if small:
            assert "Allele needs 60x16" in app.screen.query_one("#small").text
        if size[1] >= 50:
            assert all(p.grid.size.height >= 2 * p.tall and p.wave.display for p in app.screen.view.widgets)
            assert app.screen.view.widgets[0].tall > 1, "the room is used"
        await pilot.press("l", "j", "v", "l")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not app.screen.has_class("small")
        assert app.editor.pane.cursor.frame == 2


async def test_the_grid_shows_codes_marks_and_the_cursor(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        grid, widget = app.screen.context.grid, app.screen.view.widgets[0].grid
        await pilot.press("2", "l", "r", *str((int(grid.codes[0, 2]) + 1) % grid.codebook), "enter")
        await until(pilot, lambda: grid.rev == 1)
        await pilot.press("8", "l", "v", "l")
        tall = app.screen.view.widgets[0].tall
        for y in range(tall):
            row = widget.line(y, 80).text[GUTTER:]
            assert row[2] == ("*" if y == 0 else " ")
            assert row[10:12] == ("//" if y == 0 else "/ "), "the cursor's mark is on its first row"
            assert row[:2] == "  "
        assert widget.line(tall, 80).text.startswith("  1 ")


async def test_without_colour_letters_carry_the_value(
    with_two: Any, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with with_two() as (app, pilot):
        assert app.tier.glyphs
        grid, widget = app.screen.context.grid, app.screen.view.widgets[0].grid
        await until(pilot, lambda: app.session.atlases.colours("toy").ranks is not None)
        ranks = app.session.atlases.colours("toy").ranks
        await pilot.pause()
        letters = "".join("abcdefghijkl"[int(ranks[1, code]) * 12 // grid.codebook] for code in grid.codes[1])
        tall = app.screen.view.widgets[0].tall
        for y in range(tall, 2 * tall):
            assert widget.line(y, 80).text[GUTTER : GUTTER + grid.frames] == letters


async def test_a_high_terminal_draws_levels_taller(with_two: Any) -> None:
    async with with_two((200, 50)) as (app, pilot):
        widgets = app.screen.view.widgets[0]
        grid = widgets.grid
        levels = app.screen.context.grids()[0].levels
        assert widgets.tall == 3
        assert grid.size.height == 3 * levels
        names = [grid.line(y, 60).text[:11].strip() for y in range(grid.size.height)]
        assert [bool(name) for name in names] == [True, False, False] * levels
        row = list(grid.line(3, 60))[1:]
        assert [s.style for s in grid.line(4, 60)][1:] == [s.style for s in row]
        await pilot.click(grid, offset=(GUTTER + 7, 5))
        assert app.editor.pane.cursor == Cursor(1, 7)


async def test_over_ssh_levels_stay_low(with_two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    async with with_two((200, 50)) as (app, _):
        assert app.screen.view.widgets[0].tall == 1


async def test_a_sentence_that_comes_by_itself_gives_the_mode_line_back(
    with_two: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.status_lines.SHOWN_S", 0.3)
    async with with_two() as (app, pilot):
        await pilot.press("v", "l")
        app.say("something happened")
        assert "something happened" in app.screen.mode.text
        await until(pilot, lambda: "VISUAL" in app.screen.mode.text)

"""Cutting with keys and on the `:` line, through the real daemon: frames leave, come back, and go into files."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.strands import unpack_strand

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def editor(opened: Any, sounds: list[Path], until: Any) -> Any:
    """The editor with `count` sounds open."""

    async def ready(pilot: Any, app: Any, count: int) -> Any:
        await until(pilot, lambda: app.screen.NAME == "editor" and sum(map(bool, app.screen.context.grids())) == count)
        return app.screen

    return (lambda count: opened((100, 30), open_paths=sounds[:count])), ready


async def test_a_selection_is_cut_inserted_elsewhere_and_undone(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        context, before = screen.context, screen.context.grid.codes.copy()
        frames = before.shape[1]
        await pilot.press("l", "l", "v", "l", "l", "x")
        await until(pilot, lambda: context.grid.frames == frames - 3 and context.editor.pane.selection is None)
        assert np.array_equal(context.grid.codes, np.delete(before, [2, 3, 4], axis=1))
        assert context.editor.pane.cursor.frame == 2
        assert app.session.edits.registers.known["a"].frames == 3
        await pilot.press("0", "d", "p")
        await until(pilot, lambda: context.grid.frames == frames)
        assert np.array_equal(context.grid.codes[:, :3], before[:, 2:5])
        await pilot.press("2", "u")
        await until(pilot, lambda: np.array_equal(context.grid.codes, before))
        await pilot.press("4", "d", "d")  # a count, and no selection
        await until(pilot, lambda: context.grid.frames == frames - 4)
        await pilot.press(".")
        await until(pilot, lambda: context.grid.frames == frames - 8)


async def test_crop_needs_a_selection_and_keeps_it(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        context, before = screen.context, screen.context.grid.codes.copy()
        await pilot.press("d", "c")
        await until(pilot, lambda: "no selection" in screen.mode.text)
        assert context.grid.rev == 0
        await pilot.press("5", "l", "V", "9", "l", "d", "c")
        await until(pilot, lambda: context.grid.frames == 10)
        assert np.array_equal(context.grid.codes, before[:, 5:15])
        screen.command_line.run("trim @0.1s:3")  # a time, a frame and an everyday word: frames 5 to 3
        await until(pilot, lambda: "empty" in screen.mode.text)
        screen.command_line.run("crop @0.05s:8")
        await until(pilot, lambda: context.grid.frames == 6)
        assert context.grid.info.meta.samples <= 6 * 1024
        assert np.array_equal(context.grid.codes, before[:, 7:13])


async def test_silence_is_inserted_at_the_cursor(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        context, before = screen.context, screen.context.grid.codes.copy()
        frames = before.shape[1]
        await pilot.press("6", "l", "d", "i")
        await pilot.press("enter")  # the half second that it offers
        await until(pilot, lambda: context.grid.frames == frames + 23)
        inserted = context.grid.codes[:, 6:29]
        assert np.array_equal(inserted, np.repeat(inserted[:, :1], 23, axis=1))
        assert np.array_equal(np.delete(context.grid.codes, range(6, 29), axis=1), before)
        screen.command_line.run("pause 2")  # without a range it is at the cursor
        await until(pilot, lambda: context.grid.frames == frames + 25)
        assert np.array_equal(context.grid.codes[:, :6], before[:, :6])


async def test_a_strand_is_split_and_joined_again(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        context, before = screen.context, screen.context.grid.codes.copy()
        said: list[str] = []
        app.screen.say = lambda text, **_: said.append(text)
        await pilot.press("d", "x")
        await until(pilot, lambda: any("would be empty" in text for text in said))
        await pilot.press("9", "l", "d", "x")
        await until(pilot, lambda: all(context.grids()) and context.grid.frames == 9)
        one, two = context.grids()
        assert np.array_equal(np.concatenate([one.codes, two.codes], axis=1), before)
        assert two.name == f"{one.name}-2"
        assert one.info.meta.samples + two.info.meta.samples <= before.shape[1] * 1024
        await pilot.press("d", "j")
        await until(pilot, lambda: context.grid.frames == before.shape[1])
        assert np.array_equal(context.grid.codes, before)
        screen.command_line.run("split 0.1s")
        await until(pilot, lambda: context.grid.frames == 5)
        names = [one.name, f"{one.name}-2", f"{one.name}-3"]  # the new strand is opened after the old one is cut
        await until(pilot, lambda: sorted(info.meta.name for info in app.session.strands.values()) == names)


async def test_a_part_is_saved(editor: Any, until: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        context = screen.context
        screen.command_line.run("w my part.wav @0.1s:0.6s")
        await until(pilot, lambda: (tmp_path / "my part.wav").exists())
        with wave.open(str(tmp_path / "my part.wav")) as file:
            assert file.getnframes() == 24_000
        await until(pilot, lambda: "wrote 0.50 s" in screen.mode.text)  # only then is the name remembered
        screen.command_line.run("w @0.1s:0.6s")
        await until(pilot, lambda: (tmp_path / "my part-2.wav").exists())
        with wave.open(str(tmp_path / "my part-2.wav")) as file:
            assert file.getnframes() == 24_000
        screen.command_line.run("w part.alle @3:9")
        await until(pilot, lambda: "part.alle" in screen.mode.text and "bytes" in screen.mode.text)
        meta, codes, _ = unpack_strand((tmp_path / "part.alle").read_bytes())
        assert meta.edits == ["crop @3:9"] and np.array_equal(codes, context.grid.codes[:, 3:9])
        screen.command_line.run("w other.wav @0.1s:9s")
        await until(pilot, lambda: "is not in the sound" in screen.mode.text)
        await pilot.press("v", "3", "l", "d", "w", "enter")
        name = f"{Path(context.grid.name).stem}-0-4.wav"
        await until(pilot, lambda: (tmp_path / name).exists())
        with wave.open(str(tmp_path / name)) as file:
            assert file.getnframes() == 4 * 1024
        assert not (tmp_path / "other.wav").exists() and context.grid.rev == 0


async def test_the_cursor_goes_to_a_time(editor: Any, until: Any) -> None:
    open_it, ready = editor
    async with open_it(1) as (app, pilot):
        screen = await ready(pilot, app, 1)
        for line, frame in (("0.2s", 9), ("frame 0.3s", 14), ("7", 7)):
            screen.command_line.run(line)
            assert screen.context.editor.pane.cursor.frame == frame
        screen.command_line.run("frame soon")
        await until(pilot, lambda: "not a frame or a time" in screen.mode.text)

"""Files of the editor: names as people have them, and nothing written over that was not meant."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from textual import events

from protocol.strands import unpack_strand

pytestmark = pytest.mark.usefixtures("clean")

ODD = "Bob's pack/don't stop.wav"


@pytest.fixture
def folder(tmp_path: Path, sounds: list[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sounds with odd names, which is the current one."""
    for name in (ODD, "set 1 q0", "~", "trail.wav ", "new\nline.wav", "take.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(sounds[0], path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def editor(opened: Any, folder: Path, until: Any) -> Any:
    """The editor on `take.wav` of that folder."""

    async def ready(pilot: Any, app: Any) -> Any:
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        return app.screen

    def open_it() -> Any:
        return opened((100, 30), open_paths=[folder / "take.wav"])

    return open_it, ready


async def paste(app: Any, text: str) -> None:
    app.screen.post_message(events.Paste(text))


@pytest.mark.parametrize("name", [ODD, "set 1 q0", "~", "trail.wav ", "new\nline.wav"])
async def test_odd_names_are_opened_by_every_way(editor: Any, until: Any, folder: Path, name: str) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        seen = {screen.context.grid.id}

        async def opens() -> None:
            await until(pilot, lambda: screen.context.grid.id not in seen)
            assert screen.context.grid.info.meta.source.path == str(folder / name)
            seen.add(screen.context.grid.id)

        screen.command_line.run(f"open {name}")
        await opens()
        screen.command_line.run(f"open {name} toy")
        await opens()
        await pilot.press("g", "o")
        await paste(app, name)
        await until(pilot, lambda: screen.prompt.value != "")
        await pilot.press("enter")
        await opens()
        await paste(app, str(folder / name).replace("\n", "\r"))
        await opens()
        await paste(app, f"{(folder / name).as_uri()} ")
        await opens()


async def test_a_new_name_with_apostrophes_is_written_as_it_is(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        for line, name in (
            ("w Bob's pack/can't.alle", "Bob's pack/can't.alle"),
            ("w it's.wav", "it's.wav"),
            ("w 'in quotes.alle'", "in quotes.alle"),
            ("w Bob\\'s\\ pack/escaped.alle", "Bob's pack/escaped.alle"),
        ):
            screen.command_line.run(line)
            await until(pilot, lambda name=name: (folder / name).exists() and "wrote" in screen.mode.text)
        screen.command_line.run("open Bob's pack/can't.alle")
        await until(pilot, lambda: "can't.alle is strand A" in screen.mode.text)


async def test_nothing_is_written_over_unless_it_is_meant(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    source = folder / "take.wav"
    (folder / "hard.alle").hardlink_to(source)
    (folder / "hard.wav").hardlink_to(source)
    (folder / "soft.wav").symlink_to(source)
    shutil.copy(source, folder / "moved.wav")
    (folder / "diary.alle").write_text("a diary")
    (folder / "dangling.wav").symlink_to("nowhere")
    os.mkfifo(folder / "fifo.alle")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        for name in (
            "take.wav",
            "hard.alle",
            "hard.wav",
            "soft.wav",
            "diary.alle",
            "dangling.wav",
            "fifo.alle",
            "x.mp3",
        ):
            for command in ("w", "w!"):
                screen.say("")
                screen.command_line.run(f"{command} {name}")
                assert name in screen.mode.text and "wrote" not in screen.mode.text, name
        screen.command_line.run("w! moved.wav")
        await until(pilot, lambda: "recording that the strand was made of" in screen.mode.text)
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
        screen.command_line.run("w s.alle")
        await until(pilot, lambda: "bytes" in screen.mode.text)
        screen.command_line.run("w s.alle")
        assert ":w! " in screen.mode.text and "exists" in screen.mode.text
        screen.command_line.run("set 3 q0 @0:2")
        await until(pilot, lambda: screen.context.grid.rev == 1)
        screen.command_line.run("w! s.alle")
        await until(pilot, lambda: "bytes" in screen.mode.text)
        assert (unpack_strand((folder / "s.alle").read_bytes())[1][0, :2] == 3).all()


@pytest.mark.parametrize("name", ["out.wav", "out.alle"])
async def test_saving_asks_before_it_replaces(editor: Any, until: Any, folder: Path, name: str) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        screen.command_line.run(f"w {name}")
        await until(pilot, lambda: "wrote" in screen.mode.text)
        out = folder / name
        assert out.stat().st_mode & 0o044, "as readable as the person's other files"
        os.utime(out, (0, 0))

        async def save_again(answer: str) -> None:
            await pilot.press("ctrl+s", "ctrl+u", *name, "enter")
            await until(pilot, lambda: f"{name} exists; replace it?" in screen.prompt.label)
            await pilot.press(*answer, "enter")

        await save_again("n")
        await until(pilot, lambda: "is kept" in screen.mode.text)
        assert out.stat().st_mtime == 0
        await save_again("y")
        await until(pilot, lambda: "wrote" in screen.mode.text and out.stat().st_mtime > 0)


async def test_a_folder_with_an_odd_name_becomes_a_corpus(opened: Any, until: Any, folder: Path) -> None:
    async with opened((100, 30)) as (app, pilot):
        await paste(app, "Bob's pack")
        await until(pilot, lambda: "name of the new corpus" in app.screen.prompt.label)
        await pilot.press(*"bobs", "enter")
        await until(pilot, lambda: "files or folders for bobs" in app.screen.prompt.label)
        assert app.screen.prompt.value == str(folder / "Bob's pack")
        await pilot.press("enter")
        await until(pilot, lambda: "reading 1 path into bobs" in app.screen.mode.text)


async def test_several_pasted_names_become_several_paths(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        await pilot.press("g", "o")
        await paste(app, f"{folder / ODD}\r\n{folder}/take.wav\r\n")
        await until(pilot, lambda: screen.prompt.value != "")
        await pilot.press("enter")
        wanted = sorted([str(folder / ODD), str(folder / "take.wav")])
        await until(
            pilot,
            lambda: (
                all(screen.context.grids())
                and sorted(g.info.meta.source.path for g in screen.context.grids()) == wanted
            ),
        )


async def test_saving_takes_two_keys_and_the_next_free_name(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        for name in ("take-2.wav", "take-3.wav"):
            await pilot.press("ctrl+s", "enter")
            await until(pilot, lambda name=name: (folder / name).exists() and name in screen.mode.text)
        screen.say("")
        await pilot.press(":", "w", "enter")
        await until(pilot, lambda: (folder / "take-4.wav").exists() and "take-4.wav" in screen.mode.text)


async def test_a_missing_folder_is_offered_and_the_last_one_is_kept(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        await pilot.press("ctrl+s", *"new/deep/first", "enter")
        assert "make it? y/n" in screen.prompt.label
        await pilot.press("n", "enter")
        assert not (folder / "new").exists()
        await pilot.press("ctrl+s", *"new/deep/first", "enter", "y", "enter")
        await until(pilot, lambda: (folder / "new" / "deep" / "first.wav").exists() and "wrote" in screen.mode.text)
        await pilot.press("ctrl+s")
        assert "deep" in screen.prompt.label
        assert screen.prompt.value == "first-2.wav"
        await pilot.press(*"second.alle", "enter")
        await until(pilot, lambda: (folder / "new" / "deep" / "second.alle").exists())


async def test_a_path_that_ends_in_a_slash_is_a_folder(editor: Any, until: Any, folder: Path) -> None:
    open_it, ready = editor
    async with open_it() as (app, pilot):
        screen = await ready(pilot, app)
        await pilot.press(":", *f"w {folder}/newdir/", "enter")
        assert f"the folder {folder / 'newdir'} is not there; make it? y/n" in screen.prompt.label
        await pilot.press("n", "enter")
        assert not (folder / "newdir").exists() and not (folder / "newdir.wav").exists()
        await pilot.press(":", *f"w {folder}/newdir/", "enter", "y", "enter")
        await until(pilot, lambda: (folder / "newdir" / "take.wav").exists() and "wrote" in screen.mode.text)
        await pilot.press(":", *f"w '{folder}/newdir/'", "enter")
        await until(pilot, lambda: (folder / "newdir" / "take-2.wav").exists())

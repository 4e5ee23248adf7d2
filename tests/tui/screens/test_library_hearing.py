"""The library by ear and by eye: what the cursor is on is played and drawn, and everyday verbs work there."""

from pathlib import Path
from typing import Any

import pytest

from protocol.messages.corpora import AddToCorpus
from tui.model.thumbnail import BLOCKS

pytestmark = pytest.mark.usefixtures("clean")


async def two_strands(app: Any, pilot: Any, until: Any) -> tuple[str, str]:
    """Go to the library with the cursor on the first of two open strands, once sound works."""
    await until(pilot, lambda: len(app.session.strands) == 2 and not app.sound.silence)
    await pilot.press("g", "l")
    one, two = app.session.strands
    app.screen.left.go(("strand", one))
    return one, two


async def test_space_plays_the_strand_and_moving_on_plays_the_next(
    opened: Any, until: Any, long_sound: Path, sounds: list[Path]
) -> None:
    async with opened(open_paths=[long_sound, sounds[0]]) as (app, pilot):
        one, two = await two_strands(app, pilot, until)
        app.screen.left.go(("strand", min(app.session.strands, key=lambda s: -app.session.strands[s].meta.frames)))
        first = app.screen.chosen[1]
        second = two if first == one else one
        app.screen.left.go(("strand", first))
        await pilot.press("space")
        await until(pilot, lambda: app.sound.plays(first))
        await until(pilot, lambda: "▶" in app.screen.words.text)
        await pilot.press("j" if first == one else "k")
        assert app.sound.plays(first)  # until the cursor has rested
        await until(pilot, lambda: app.sound.plays(second))
        await until(pilot, lambda: not app.sound.playing)  # it ends by itself
        await pilot.press("k" if first == one else "j")  # just afterwards, moving still plays
        await until(pilot, lambda: app.sound.plays(first))
        await pilot.press("space")
        await until(pilot, lambda: not app.sound.playing)
        await pilot.press("j" if first == one else "k")
        await pilot.pause(0.5)
        assert not app.sound.playing  # it was stopped, so moving is silent


async def test_recordings_of_a_model_are_played(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened() as (app, pilot):
        await until(pilot, lambda: any(isinstance(row.key, str) for row in app.screen.right.rows))
        await until(pilot, lambda: not app.sound.silence)
        app.screen.left.go(("model", "toy"))
        await pilot.press("space")
        await until(pilot, lambda: app.sound.file == str(sounds[0]))
        await pilot.press("tab", "j")
        await until(pilot, lambda: app.sound.file == str(sounds[1]))
        await until(pilot, lambda: not app.sound.file)


async def test_a_recording_that_is_gone_is_reported_here(opened: Any, until: Any, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        await until(pilot, lambda: any(isinstance(row.key, str) for row in app.screen.right.rows))
        await until(pilot, lambda: not app.sound.silence)
        await pilot.press("tab")
        app.screen.hearing.target = lambda: ("file", str(tmp_path / "gone.wav"))
        await pilot.press("space")
        await until(pilot, lambda: "gone.wav" in app.screen.mode.text)
        assert app.screen.NAME == "library" and not app.sound.file


async def test_the_chosen_strand_is_drawn(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        one, _ = await two_strands(app, pilot, until)
        await pilot.press("k", "j")
        assert app.screen.chosen == ("strand", one)

        def drawn() -> list[str]:
            return [row.text for row in app.screen.right.rows if row.text and set(row.text) <= set(BLOCKS)]

        await until(pilot, lambda: any(set(text) - {" "} for text in drawn()))
        top, bottom = drawn()
        assert len(bottom) <= app.screen.right.size.width
        assert bottom[0] > bottom[-1] or top[0] > top[-1]  # the tones decay


async def test_a_duplicate_has_edits_of_its_own(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        one, _ = await two_strands(app, pilot, until)
        name = app.session.strands[one].meta.name
        await pilot.press("c")
        await until(pilot, lambda: len(app.session.strands) == 3)
        await until(pilot, lambda: f"{name}-2 is a copy of {name}" in app.screen.mode.text)
        copy = app.screen.chosen[1]
        assert copy != one and app.session.strands[copy].meta.name == f"{name}-2"
        await pilot.press("a", "g", "e")
        await until(pilot, lambda: app.editor.panes[0].strand == copy and copy in app.session.grids)
        await pilot.press("r", "3", "enter")
        await until(pilot, lambda: app.session.strands[copy].undo_depth == 1)
        assert app.session.strands[one].undo_depth == 0


async def test_deleting_a_model_says_which_strands_it_would_silence(
    opened: Any, until: Any, sounds: list[Path]
) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        await two_strands(app, pilot, until)
        app.screen.left.go(("model", "toy"))
        await pilot.press("D")
        assert "2 open strands (tone " in app.screen.words.text and "would be silent" in app.screen.words.text
        await pilot.press("q", "enter")  # neither yes nor no: nothing happens
        assert "type y or n" in app.screen.mode.text
        await pilot.press("escape")
        assert any(model.name == "toy" for model in app.session.models)


async def test_deleting_a_strand_closes_it(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        one, _ = await two_strands(app, pilot, until)
        await pilot.press("D")
        await until(pilot, lambda: one not in app.session.strands and "reopens it" in app.screen.mode.text)


async def test_a_corpus_that_could_not_be_made_is_reported_in_the_library(
    opened: Any, until: Any, tmp_path: Path
) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    async with opened() as (app, pilot):
        await pilot.press("n", *"broken", "enter", *str(tmp_path / "notes.wav"), "enter")
        await until(pilot, lambda: app.screen.mode.text.strip().startswith("broken: "), 60)
        assert (app.screen.NAME == "library" and "could" in app.screen.mode.text) or "no " in app.screen.mode.text


async def test_a_failure_waits_until_the_library_is_seen_again(opened: Any, until: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    async with opened() as (app, pilot):
        library = app.screen
        await pilot.press("n", *"broken2", "enter", *str(tmp_path / "notes.wav"), "enter", "g", "K")
        job = await _newest(app, pilot, until, "broken2")
        await until(pilot, lambda: not app.session.jobs[job].is_open, 60)
        assert "broken2" not in app.screen.mode.text
        await pilot.press("g", "l")
        await until(pilot, lambda: library.mode.text.strip().startswith("broken2: "))


async def _newest(app: Any, pilot: Any, until: Any, subject: str) -> str:
    found: list[str] = []
    await until(pilot, lambda: found.extend(j.id for j in app.session.jobs.values() if j.subject == subject) or found)
    return found[0]


async def test_a_corpus_is_deleted_after_a_question(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened() as (app, pilot):
        await app.session.ask(AddToCorpus(corpus="spare corpus", paths=[str(sounds[0])]))
        await until(pilot, lambda: any(corpus.name == "spare corpus" for corpus in app.session.corpora), 60)
        await until(pilot, lambda: all(not job.is_open for job in app.session.jobs.values()), 60)
        app.screen.left.go(("corpus", "spare corpus"))
        await pilot.press("D")
        assert "no model was trained on it" in app.screen.words.text
        await pilot.press("y", "enter")
        await until(pilot, lambda: all(corpus.name != "spare corpus" for corpus in app.session.corpora))
        await until(pilot, lambda: "moved to" in app.screen.mode.text)
        assert sounds[0].exists()


async def test_strands_and_models_are_renamed(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        one, _ = await two_strands(app, pilot, until)
        await pilot.press("r", *"my kick", "enter")
        await until(pilot, lambda: "is called my kick now" in app.screen.mode.text)
        assert any("my kick" in row.text for row in app.screen.left.rows if row.key == ("strand", one))
        await pilot.press("a", "g", "e")
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grids()[0].name == "my kick")
        await pilot.press("g", "l")
        app.screen.left.go(("model", "toy"))
        await pilot.press("r", *"tin", "enter")
        await until(pilot, lambda: "toy is called tin now" in app.screen.mode.text)
        await until(pilot, lambda: [model.name for model in app.session.models] == ["tin"])
        app.screen.left.go(("model", "tin"))
        await pilot.press("r", *"toy", "enter")
        await until(pilot, lambda: [model.name for model in app.session.models] == ["toy"])

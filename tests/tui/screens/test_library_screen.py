"""The library: what there is, new corpora by path, training by a form, and sounds opened as A and B."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from protocol.messages.corpora import CorpusInfo
from protocol.messages.models import ListModels
from protocol.places import places_of
from protocol.training import OPTIONS, TrainingOptions
from tui.model.names import free_name
from tui.screens.closed_list import ClosedList
from tui.screens.form import TrainForm, read_order
from tui.transport.client import Client

pytestmark = pytest.mark.usefixtures("clean")


async def test_a_file_of_the_models_corpus_is_opened_as_a_and_b(opened: Any, until: Any) -> None:
    async with opened() as (app, pilot):
        assert app.screen.NAME == "library"
        await until(pilot, lambda: any(isinstance(row.key, str) for row in app.screen.right.rows))
        assert "toy" in "".join(row.text for row in app.screen.left.rows)
        await pilot.press("a")
        assert "choose a strand or a sound file" in app.screen.mode.text
        await pilot.press("tab", "a")
        await until(pilot, lambda: app.editor.panes[0].strand is not None)
        await pilot.press("j", "b")
        await until(pilot, lambda: app.editor.panes[1].strand is not None)
        await until(pilot, lambda: "is strand B" in app.screen.mode.text)
        await pilot.press("g", "e")
        await until(pilot, lambda: app.screen.NAME == "editor" and all(app.screen.context.grids()))
        assert [grid.name for grid in app.screen.context.grids()] == ["tone 0", "tone 1"]


async def test_a_strand_is_opened_again_from_the_list(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.editor.panes[0].strand in app.session.grids)
        await pilot.press("g", "l", "G", "b")
        await until(pilot, lambda: app.editor.panes[1].strand == app.editor.panes[0].strand)
        row = next(row for row in app.screen.left.rows if row.key == ("strand", app.editor.panes[0].strand))
        assert "tone 0" in row.text


async def test_what_a_recording_lost_on_its_way_is_said(opened: Any, until: Any, tmp_path: Path) -> None:
    pair = np.stack([np.sin(np.arange(24_000) / 20), np.sin(np.arange(24_000) / 31)], 1) * 0.3
    soundfile.write(tmp_path / "pair.wav", pair, 48_000)
    async with opened(open_paths=[tmp_path / "pair.wav"]) as (app, pilot):
        await until(pilot, lambda: "pair.wav is strand A; 2 channels were averaged to one" in app.screen.mode.text)


async def test_a_closed_strand_is_taken_back_with_its_edits(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:2]) as (app, pilot):
        await until(
            pilot, lambda: app.screen.NAME == "editor" and all(app.screen.context.grids()) and not app.sound.why_not
        )
        one, two = (pane.strand for pane in app.editor.panes)
        await pilot.press("r", "3", "enter", "L", "space")
        await until(pilot, lambda: app.session.strands[one].undo_depth == 1 and app.sound.plays(one))
        await pilot.press("g", "l", "g", "g", "x")
        assert "choose a strand in the list" in app.screen.mode.text
        library = app.screen
        library.left.go(("strand", one))
        await pilot.press("x")
        await until(
            pilot, lambda: one not in app.session.strands and "closed tone 0; u reopens it" in library.mode.text
        )
        assert not app.sound.playing
        assert [pane.strand for pane in app.editor.panes] == [None, two]
        assert not any(one in kept for kept in (app.session.grids, app.session.grids.waves, app.session.edits.chains))
        library.left.go(("strand", two))
        await pilot.press("x")
        await until(pilot, lambda: not app.session.strands)
        assert "none open" in [row.text for row in library.left.rows]
        await pilot.press("u")
        await until(pilot, lambda: "tone 1 is open again, with no edits" in library.mode.text)
        assert [pane.strand for pane in app.editor.panes] == [None, two]
        await pilot.press("x", "u")  # at once: it is the same one
        await until(pilot, lambda: app.editor.panes[1].strand == two and "tone 1 is open again" in library.mode.text)
        await pilot.press("U")
        await until(pilot, lambda: isinstance(app.screen, ClosedList))
        await pilot.press(*"tone 0")
        rows = app.screen.rows.rows
        assert rows[0].key == one and "tone 0" in rows[0].text and "1 edit" in rows[0].text
        await pilot.press("enter")
        await until(pilot, lambda: "tone 0 is open again, with 1 edit" in library.mode.text)
        assert library.chosen == ("strand", one)
        await until(pilot, lambda: one in app.session.grids)
        assert [pane.strand for pane in app.editor.panes] == [one, two]
        assert app.session.grids[one].codes[0, 0] == 3
        await pilot.press("g", "e", "u")
        await until(pilot, lambda: app.session.strands[one].undo_depth == 0)


async def test_a_corpus_is_made_from_pasted_paths(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened() as (app, pilot):
        name = f"pasted{len(app.session.corpora)}"
        await pilot.press("n", *name, "enter")
        assert f"files or folders for {name}" in app.screen.prompt.label
        quoted = str(sounds[0]).replace(" ", "%20")
        await pilot.press(*f"file://{quoted} '{sounds[1]}'", "enter")
        await until(pilot, lambda: any(corpus.name == name for corpus in app.session.corpora), 60)
        corpus: CorpusInfo = next(corpus for corpus in app.session.corpora if corpus.name == name)
        assert corpus.files == 2


async def test_paths_that_are_not_here_are_said_and_nothing_is_made(opened: Any) -> None:
    async with opened() as (app, pilot):
        before = len(app.session.jobs)
        await pilot.press("n", *"gone", "enter", *"/not/here.wav", "enter")
        assert "/not/here.wav is not on this machine" in app.screen.mode.text
        await pilot.press("escape", "n", *"tones", "enter")
        assert "tones exists" in app.screen.mode.text
        await pilot.press("escape", "o", *"/not/here.wav", "enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if "/not/here.wav" in app.screen.mode.text:
                break
        assert "/not/here.wav" in app.screen.mode.text
        assert len(app.session.jobs) == before


async def test_the_form_starts_a_training_and_refuses_what_cannot_be(opened: Any, until: Any) -> None:
    async with opened((100, 30)) as (app, pilot):
        await until(pilot, lambda: app.screen.corpus == "tones")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TrainForm))
        name = app.screen.query_one("#field-model").value
        assert name == free_name("tones", {model.name for model in app.session.models})
        await pilot.press("tab", *"soon", "enter")
        assert "budget: 'soon' is not a time" in app.screen.query_one("#form-note").text
        await pilot.press(*["backspace"] * 4, "tab", "1", "tab", *"tiny", "enter")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "train")
        await until(pilot, lambda: app.job is not None and app.session.jobs[app.job].kind == "train")
        assert app.session.jobs[app.job].subject == name
        await pilot.press("x", "y", "enter")
        await until(pilot, lambda: app.session.jobs[app.job].state not in ("queued", "running"), 90)
        assert app.session.jobs[app.job].state in ("cancelled", "interrupted", "done")


EMPTY = {"model": "", **{option.name: "" for option in OPTIONS}}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": ""}, "needs a name"),
        ({"model": "toy"}, "exists"),
        ({"model": "rain/two"}, "a name has letters"),
        ({"model": ".rain"}, "a name has letters"),
        ({"model": "new", "budget_s": "later"}, "budget: 'later' is not a time"),
        ({"model": "new", "preset": "huge"}, "size: 'huge' is not one of auto, tiny, small, base"),
        ({"model": "new", "channels": "quad"}, "not one of auto, mono, stereo"),
        ({"model": "new", "budget_s": "2m", "steps": "5"}, "give one of them"),
        ({"model": "new", "levels": "33"}, "levels: '33' is not a whole number from 1 to 32"),
    ],
)
def test_orders_that_cannot_be(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_order("tones", {**EMPTY, **values}, {"toy"})


@pytest.mark.parametrize(("channels", "asked"), [("", None), ("auto", None), ("mono", 1), ("stereo", 2)])
def test_an_order_says_what_was_filled_in(channels: str, asked: int | None) -> None:
    order = read_order("tones", {**EMPTY, "model": "new", "budget_s": "2m", "channels": channels}, {"toy"})
    assert (order.corpus, order.model) == ("tones", "new")
    assert order.options == TrainingOptions(budget_s=120.0, channels=asked)


def test_the_form_offers_every_option_of_a_training() -> None:
    filled = {"steps": "9", "levels": "3", "codebook": "16", "adversarial": "yes", "seed": "7", "preset": "base"}
    order = read_order("tones", {**EMPTY, "model": "new", **filled}, set())
    assert order.options == TrainingOptions(steps=9, levels=3, codebook=16, adversarial=True, seed=7, preset="base")
    assert [name for name, _ in TrainForm.FIELDS] == ["model", *(option.name for option in OPTIONS)]


async def test_the_screen_that_was_left_is_the_one_that_comes_back(opened: Any, until: Any, sounds: list[Path]) -> None:
    async with opened(open_paths=sounds[:1]) as (app, pilot):
        await until(pilot, lambda: app.screen.NAME == "editor" and app.editor.panes[0].strand in app.session.grids)
        await pilot.press("g", "l")
        await until(pilot, lambda: app.screen.NAME == "library")
    async with opened() as (app, pilot):
        assert app.screen.NAME == "library"
        assert app.editor.panes[0].strand in app.session.grids


@pytest.fixture
async def spare(home: Path) -> AsyncIterator[Path]:
    """A copy of the model, newer than it."""
    folder = shutil.copytree(home / "models" / "toy", home / "models" / "spare")
    card = json.loads((folder / "model.json").read_text()) | {"created": "2999-01-01T00:00:00Z"}
    (folder / "model.json").write_text(json.dumps(card))
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    async with Client(places_of(home).endpoint) as client:
        await client.ask(ListModels())  # or the next test's would be told of it


async def test_a_model_goes_to_the_trash_and_comes_back(
    opened: Any, until: Any, home: Path, spare: Path, sounds: list[Path]
) -> None:
    async with opened() as (app, pilot):

        async def look(holds: Any) -> None:
            await app.session.ask(ListModels())
            await until(pilot, holds)

        def row() -> str:
            return next((row.text for row in app.screen.left.rows if row.key == ("model", "spare")), "")

        await look(lambda: "mel" in row())
        assert app.files.model_for(0) == "spare"
        assert (await app.session.atlases.fetch_colours("spare")).ranks is not None
        app.screen.left.go(("model", "spare"))
        await pilot.press("D")
        assert app.screen.prompt.label == "delete model spare? y or n: "
        await pilot.press("n", "enter")
        assert row() and spare.exists()
        await pilot.press("D", "y", "enter")
        await until(pilot, lambda: not row() and "R restores it" in app.screen.mode.text)
        assert not spare.exists() and list((home / "trash").glob("model-spare-*"))
        assert app.files.model_for(0) == "toy"
        assert app.session.atlases.colours("spare").ranks is None
        await pilot.press("tab", "D")
        assert "choose a model" in app.screen.mode.text
        await pilot.press("tab")
        await pilot.press("R", "enter")
        await until(pilot, lambda: row() and "spare is restored" in app.screen.mode.text)
        assert (spare / "codec" / "codec.safetensors").exists()
        await pilot.press("R", *"nope", "enter")
        await until(pilot, lambda: "no model called 'nope' is in the trash" in app.screen.mode.text)

        await app.files.open_in_pane(sounds[0], 0, "spare")
        assert app.files.model_for(1) == "spare"  # as the other pane
        described = spare / "codec" / "codec.json"
        described.write_text(json.dumps(json.loads(described.read_text()) | {"version": 1}))
        await look(lambda: "of no use" in row())
        assert app.files.model_for(1) == "toy"  # neither the newer one nor the other pane's

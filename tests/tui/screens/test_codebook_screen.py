"""Every code of a model on one screen: moving, ordering, naming, hearing and finding them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from protocol.messages.events import ModelsChanged
from protocol.messages.models import ListModels, ModelInfo
from protocol.messages.playback import StartPlayback
from protocol.places import places_of
from protocol.ranges import FrameRange
from tui.model.atlas import Colours
from tui.model.codebook import Codebook, heat_of, next_use, use_in, with_code
from tui.model.colours import BINS
from tui.screens.codebook_actions import AROUND_FRAMES
from tui.transport.client import Client


@pytest.mark.usefixtures("clean")
async def test_codes_are_ordered_named_heard_and_found(opened: Any, sounds: list[Path], until: Any) -> None:
    async with opened((80, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        app.editor.descriptor = ""
        await pilot.press("g", "c")
        await until(pilot, lambda: app.screen.NAME == "codebook" and app.screen.table.view is not None)
        screen = app.screen
        await until(pilot, lambda: app.session.atlases.get("toy") is not None)
        await until(pilot, lambda: app.session.atlases.colours("toy").ranks is not None)
        grid = screen.strand
        ranks = app.session.atlases.colours("toy").ranks
        assert screen.table.view.codes == tuple(np.argsort(ranks[0]).tolist())
        await pilot.press("tab", "l")
        assert screen.code == int(np.argsort(ranks[1])[1])
        assert f"level 1 · code {screen.code}" in screen.words.text
        assert "training frames" in screen.words.text
        code = screen.code
        await pilot.press("d")
        await until(pilot, lambda: app.editor.descriptor and screen.code == code)  # the cursor stays on its code
        await pilot.press("n", *"thud", "enter")
        await until(pilot, lambda: "'thud'" in screen.words.text)
        assert "*" in screen.table.view.marks
        labels = app.home / "models" / "toy" / "labels.json"
        assert "thud" in labels.read_text()
        await until(pilot, lambda: not app.sound.why_not)
        await pilot.press("space")
        await until(pilot, lambda: app.sound.playing)
        assert grid.rev == 0
        used = int(grid.codes[1, 5])
        screen.book.place = screen.table.view.codes.index(used)
        screen.draw()
        await pilot.press("f")
        await until(pilot, lambda: app.screen.NAME == "editor")
        cursor = app.editor.pane.cursor
        assert (cursor.level, int(grid.codes[1, cursor.frame])) == (1, used)
        await pilot.press("g", "c")
        await until(pilot, lambda: app.screen.NAME == "codebook")
        screen.book.place = screen.table.view.codes.index(code)
        screen.draw()
        await pilot.press("n", *["backspace"] * 4, "enter")
        await until(pilot, lambda: "thud" not in labels.read_text())
        app.editor.descriptor = ""  # the workspace is kept, and other tests look at colours


@pytest.mark.usefixtures("clean")
async def test_a_code_is_heard_at_the_cursor_of_the_pane_that_shows_the_strand_and_as_the_editor_hears_it(
    opened: Any, sounds: list[Path], until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened((120, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(
            pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor" and not app.sound.why_not
        )
        asked, ask = list[Any](), app.session.ask

        async def noted(body: Any, **more: Any) -> Any:
            if isinstance(body, StartPlayback):
                asked.append((body, more["buffers"]))
            return await ask(body, **more)

        monkeypatch.setattr(app.session, "ask", noted)
        grid = app.screen.context.grids()[1]
        await pilot.press("=", "tab", "2", "0", "|", "M", "tab")
        app.editor.close(app.editor.panes[0].strand)
        app.sound.preview = ("a job", "a preview")
        await pilot.press("g", "c", "2", "space")
        await until(pilot, lambda: asked and app.sound.playing)
        body, (codes, _) = asked[0]
        assert (body.strand, body.frames) == (grid.id, FrameRange(20 - AROUND_FRAMES, 22 + AROUND_FRAMES))
        assert set(codes[0, 20:22].tolist()) == {app.screen.code}
        assert body.levels == [1], "level 0 is muted"
        assert "this level is not heard" in app.screen.mode.text
        assert app.sound.preview is None


@pytest.mark.usefixtures("clean")
async def test_the_line_under_the_grid_and_the_steps_follow_what_is_shown(
    opened: Any, sounds: list[Path], until: Any
) -> None:
    async with opened((80, 24), open_paths=sounds[:2]) as (app, pilot):
        await until(pilot, lambda: all(app.screen.context.grids()) and app.screen.NAME == "editor")
        screen = app.screen
        screen.command_line.run("colour warmth")
        await until(pilot, lambda: app.session.atlases.colours("toy", "warmth").ranks is not None)
        await until(pilot, lambda: "colour: warmth" in screen.view.widgets[0].header.text)
        ranks, grid = app.session.atlases.colours("toy", "warmth").ranks, screen.context.grids()[0]
        before = int(grid.codes[0, 0])
        await pilot.press("]" if ranks[0, before] < ranks.shape[1] - 1 else "[")
        await until(pilot, lambda: grid.rev == 1)
        assert abs(int(ranks[0, grid.codes[0, 0]]) - int(ranks[0, before])) == 1
        await pilot.press("u")
        await until(pilot, lambda: grid.rev == 2)
        await until(pilot, lambda: app.session.atlases.get("toy") is not None)
        screen.draw()
        assert f"code {before}: {app.session.atlases.get('toy').words(0, before)}" in screen.words.text
        heard: list[str] = []
        screen.say = lambda text, **_: heard.append(text)
        screen.command_line.run("colour loudest")
        await until(pilot, lambda: any("loudest" in text and "brightness" in text for text in heard))
        screen.command_line.run("colour auto")
        await until(pilot, lambda: app.editor.descriptor == "")


@pytest.fixture
async def twin(home: Path) -> AsyncIterator[str]:
    """The model once more under another name, as after a restore."""
    folder = shutil.copytree(home / "models" / "toy", home / "models" / "twin of toy")
    async with Client(places_of(home).endpoint) as client:
        await client.ask(ListModels())
        yield folder.name
        shutil.rmtree(folder)
        await client.ask(ListModels())


@pytest.mark.usefixtures("clean")
async def test_a_strand_is_shown_with_its_own_codecs_words_whatever_is_called_as_its_model_was(
    opened: Any, home: Path, sounds: list[Path], until: Any, twin: str
) -> None:
    async with opened((120, 24), open_paths=sounds[:1]) as (app, pilot):
        session = app.session
        await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
        editor, grid = app.screen, app.screen.context.grid
        await until(pilot, lambda: session.atlases.get("toy") is not None and session.atlases.colours("toy").words)
        editor.draw()
        does = session.atlases.get("toy").words(0, int(grid.codes[0, 0])) or " of "
        assert editor.context.colours_of(grid).words in editor.view.widgets[0].header.text and does in editor.words.text
        toy = next(model for model in session.models if model.name == "toy")
        stranger = replace(toy, codec_id="0" * 64, created="2999-01-01T00:00:00Z")

        def tell(*models: ModelInfo) -> None:
            session._on_event(SimpleNamespace(body=ModelsChanged(models=list(models)), buffers=[]))

        tell(stranger)
        await session.atlases.fetch_colours("toy")  # the stranger's own, which are not the strand's
        await session.atlases.fetch("toy")
        editor.draw()
        assert editor.context.colours_of(grid) == Colours() and editor.context.atlas_of(grid) is None
        await pilot.press("z", "d")
        assert "the model of tone 0 is not here: toy, codec" in editor.mode.text and "R in the" in editor.mode.text
        await pilot.press("g", "c")
        await until(pilot, lambda: app.screen.NAME == "codebook")
        screen = app.screen
        assert "the model of tone 0 is not here: toy, codec" in screen.about.text
        assert screen.table.view is None and "restores a model" in screen.words.text
        await pilot.press("space")
        assert "this strand's model is not here" in screen.mode.text and not app.sound.playing

        tell(stranger, replace(toy, name=twin))
        await until(pilot, lambda: screen.top_words() == f"Codebook  {twin}" and session.atlases.get(twin) is not None)
        await until(pilot, lambda: screen.table.view is not None and session.atlases.colours(twin).ranks is not None)
        assert app.files.model_for(0) == twin  # not the stranger, which is newer
        await pilot.press("g", "e")
        await until(pilot, lambda: app.screen.NAME == "editor")
        assert editor.context.colours_of(grid) is session.atlases.colours(twin) and f" {twin} ·" in editor.top_words()

        (home / "models" / twin / "atlas.safetensors").unlink()
        session.atlases.forget(twin)
        await until(pilot, lambda: session.atlases.colours(twin).ranks is not None)
        assert session.atlases.colours(twin).choices == ()
        for keys in ("z", "d"), ("g", "c", "d"):
            await pilot.press(*keys)
            await until(pilot, lambda: "allele model atlas 'twin of toy' measures" in app.screen.mode.text)


def test_pages_turn_and_the_cursor_stays_among_the_codes() -> None:
    book = Codebook(columns=13, rows=4)
    book.move(0, 5, 128)
    assert (book.place, book.first_row) == (65, 4)
    book.move(0, 99, 128)
    assert (book.place, book.first_row) == (127, 8)
    book.move(-500, 0, 128)
    assert (book.place, book.first_row) == (0, 0)


def test_heat_is_zero_for_what_is_never_used() -> None:
    heat = heat_of(np.array([0, 1, 10, 1000]))
    assert heat.tolist() == sorted(heat.tolist())
    assert heat[0] == 0
    assert heat[1] >= 1
    assert heat[3] == BINS - 1
    assert heat_of(np.zeros(4, np.int64)).tolist() == [0] * 4


class Grid:
    """Codes, as far as these functions look at a strand."""

    def __init__(self, codes: np.ndarray) -> None:
        self.codes, self.levels = codes, codes.shape[0]


def test_uses_are_counted_and_found_going_round() -> None:
    grid: Any = Grid(np.array([[3, 1, 3, 3], [0, 0, 1, 2]], np.uint16))
    assert use_in([grid, grid], 0, 4).tolist() == [0, 2, 0, 6]
    assert use_in([grid], 5, 4).tolist() == [0] * 4
    assert [next_use(grid, 0, 3, frame) for frame in (0, 2, 3)] == [2, 3, 0]
    assert next_use(grid, 1, 3, 0) is None
    tried = with_code(grid, 1, 7, FrameRange(1, 3))
    assert tried.tolist() == [[3, 1, 3, 3], [0, 7, 7, 2]]
    assert grid.codes[1, 1] == 0

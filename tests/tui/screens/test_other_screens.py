"""Train, help and palette; and what happens when the daemon or the terminal goes."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest

from protocol.messages.session import StopDaemon
from tui.input.keymap import actions_of
from tui.screens.palette import PaletteScreen
from tui.session.session import Session
from tui.transport.daemon_target import DaemonTarget

pytestmark = pytest.mark.usefixtures("clean")


async def test_the_train_screen_shows_a_finished_training_from_its_log(opened: Any, until: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "t")
        job = next(job for job in app.session.jobs.values() if job.kind == "train" and job.subject == "toy")
        app.follow(job.id)
        await until(pilot, lambda: app.screen.training is not None and app.screen.training.evaluation is not None)
        await pilot.pause()
        training = app.screen.training
        assert training.step is not None
        assert "step 2" in app.screen.facts.text
        assert len(training.held_out) >= 1
        health = [app.screen.health.line(y, 46).text for y in range(3)]
        assert health[0].startswith("level")
        assert health[1].startswith("0 body")
        assert training.evaluation.health[0] in health[1]
        log = " ".join(row.text for row in app.screen.log_rows.rows)
        assert "held-out mel" in log


async def test_a_screen_that_was_hidden_knows_the_size_of_the_terminal(opened: Any) -> None:
    async with opened((80, 24)) as (app, pilot):
        for keys, size in (("ge", (130, 40)), ("gl", (40, 10)), ("ge", (80, 24)), ("gl", (80, 24))):
            await pilot.press(*keys)
            await pilot.pause()
            assert app.screen.size == app.size
            assert app.screen.has_class("narrow") == (app.size.width < 120)
            assert app.screen.has_class("small") == (app.size.width < 60)
            await pilot.resize_terminal(*size)
            await pilot.pause()


async def test_a_repaint_put_off_for_a_slow_line_draws_what_changed_meanwhile(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A widget told between the last round and the late repaint used to be forgotten and never drawn."""
    async with opened() as (app, pilot):
        await pilot.pause()
        screen, line = app.screen, app.screen.words
        drawn: list[Any] = []
        monkeypatch.setattr(type(app), "_display", lambda _self, _screen, update: drawn.append(update))
        line.refresh()
        screen._dirty_widgets.add(line)
        screen._repaint_late()
        rows = {y for update in drawn if update is not None for y, _, _ in update.spans}
        assert line.region.y in rows


async def test_going_elsewhere_from_help_leaves_nothing_behind(opened: Any) -> None:
    async with opened() as (app, pilot):
        for keys in ("ge", "?", "gl", "?", "ge"):
            await pilot.press(*keys)
            await pilot.pause()
        assert app.screen.NAME == "editor"
        assert len(app.screen_stack) == 2


def regions_beside_the_sentence(app: Any) -> dict[str, Any]:
    """Where each named widget lies, without the one that shows the sentence over the others."""
    return {widget.id: widget.region for widget in app.screen.query("*") if widget.id and widget.id != "sentence"}


@pytest.mark.parametrize("keys", ["ge", "gl", "gt"])
async def test_a_long_sentence_is_read_to_its_end_and_nothing_moves_for_it(opened: Any, keys: str) -> None:
    sentence = (
        "E_BAD_AUDIO: /a/folder/with/a/long/name/notes.wav: this is a text file, not audio " * 2 + "(remove it now)"
    )
    async with opened((80, 24)) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        regions = regions_beside_the_sentence(app)
        app.say(sentence, bad=True)
        await pilot.pause()
        await pilot.pause()
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
        assert len(shown) == 24
        assert " ".join(line.strip() for line in shown[-3:]) == sentence
        assert regions_beside_the_sentence(app) == regions
        await pilot.press("j")
        await pilot.pause()
        assert "remove it now" not in app.screen._compositor.render_strips()[-1].text


async def test_help_lists_every_action_and_leads_back(opened: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "e", "?")
        await pilot.pause()
        text = " ".join(" ".join(row.text.split()) for row in app.screen.rows.rows)
        for action in actions_of("editor"):
            assert action.title in text
        await pilot.press("q")
        assert app.screen.NAME == "editor"


async def test_the_palette_does_what_a_key_does_and_says_what_cannot_be_done(opened: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press("g", "e", "ctrl+p")
        assert isinstance(app.screen, PaletteScreen)
        await pilot.press(*"swap")
        assert "this pane is empty" in app.screen.rows.rows[0].text
        await pilot.press(*["backspace"] * 4, *"library", "enter")
        await pilot.pause(0.1)
        assert app.screen.NAME == "library"


async def test_quit_words_quit(opened: Any) -> None:
    async with opened() as (app, pilot):
        await pilot.press(":", "q", "enter")
        await pilot.pause(0.2)
        assert app.return_code == 0
        assert not app.is_running or app._exit


async def test_a_dead_daemon_is_said_revived_and_loses_nothing(
    home: Path, opened: Any, until: Any, sounds: list[Path]
) -> None:
    """The daemon is killed with -9 under an edited strand; a new one is started and everything is there."""
    with tempfile.TemporaryDirectory(prefix="allele-tui-") as folder:
        mine = Path(folder)
        shutil.copytree(home / "models", mine / "models")
        shutil.copytree(home / "corpora", mine / "corpora")
        try:
            async with opened((100, 30), at=mine, open_paths=sounds[:1]) as (app, pilot):
                await until(pilot, lambda: app.screen.NAME == "editor" and app.screen.context.grid is not None)
                await pilot.press("r", "3", "enter")
                await until(pilot, lambda: app.screen.context.grid.rev == 1)
                killed = app.session.pid
                os.kill(killed, signal.SIGKILL)
                await until(pilot, lambda: "the daemon is gone" in app.screen.top.text)
                await pilot.press("u")
                assert "not connected" in app.screen.mode.text
                await until(pilot, lambda: app.session.connected and app.session.pid != killed, 60)
                assert app.screen.context.grid.rev == 1
                assert app.screen.context.grid.codes[0, 0] == 3
                await pilot.press("u")
                await until(pilot, lambda: app.screen.context.grid.rev == 2)
        finally:
            await end_daemon(mine)


async def end_daemon(home: Path) -> None:
    """Stop the daemon that the app started."""
    session = Session(DaemonTarget.of_home(home), lambda topic, key: None)
    await session.open()
    pid = session.pid
    await session.ask(StopDaemon())
    await session.close()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.1)

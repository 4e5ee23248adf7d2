"""Every operation under its key, through the real daemon: done, repeated, and taken back."""

import asyncio
from typing import Any

import numpy as np
import pytest

from protocol.edits import parse_edit
from protocol.messages.strands import GetHistory

pytestmark = pytest.mark.usefixtures("clean")


async def brightness(app: Any, pilot: Any, until: Any) -> list[int]:
    """The codes of level 0 as they are stepped through."""
    await until(pilot, lambda: app.session.atlases.colours("toy").ranks is not None)
    return np.argsort(app.session.atlases.colours("toy").ranks[0]).tolist()


def settled(app: Any, grid: Any, rev: int) -> Any:
    return lambda: grid.rev == rev and not app.session.edits.chains[grid.id].waiting


async def test_operations_act_on_the_selection_and_can_be_repeated_and_undone(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before = a.codes.copy()
        await pilot.press("v", "7", "l")
        keyed = (
            ["B", "enter"],  # blend 0.5, as it is offered
            ["R", "ctrl+u", *"1 seed=5", "enter"],
            ["3", ">"],
            ["<"],
            ["X"],
            ["e", "o", "enter"],
        )
        for number, keys in enumerate(keyed):
            await pilot.press(*keys)
            await until(pilot, settled(app, a, number + 1))
            assert np.array_equal(a.codes[1:], before[1:]), keys
            assert np.array_equal(a.codes[:, 8:], before[:, 8:]), keys
        assert not np.array_equal(a.codes, before)
        assert app.editor.remembered["mutate"] == "1 seed=6"
        assert (b.rev, a.info.undo_depth) == (0, 6)
        await pilot.press("6", "u")
        await until(pilot, settled(app, a, 12))
        assert np.array_equal(a.codes, before)
        await pilot.press("escape", "0", "2", "0", "|", "X")
        assert "cannot be reversed" in app.screen.mode.text
        await pilot.press("5", "X")
        await until(pilot, settled(app, a, 13))
        assert np.array_equal(a.codes[0, 20:25], before[0, 20:25][::-1])
        await pilot.press("3", "0", "|", ".")
        await until(pilot, settled(app, a, 14))
        assert np.array_equal(a.codes[0, 30:35], before[0, 30:35][::-1])


async def test_a_selection_is_blended_and_mutated_with_three_keys(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before, at = a.codes.copy(), slice(0, 5)
        await pilot.press("2", "0", "|")
        await pilot.press("V", "$", "f")
        await until(pilot, settled(app, a, 1))
        assert "blend B 0.5" in app.screen.mode.text or "blend tone" in app.screen.mode.text
        changed = np.flatnonzero((a.codes != before).any(axis=0))
        assert len(changed) and changed.min() >= 20
        await pilot.press("i")  # the selection is still there
        await until(pilot, settled(app, a, 2))
        assert "mutate 0.3" in app.screen.mode.text
        await pilot.press("escape", "0", "v", "4", "l", "B", "ctrl+u", *"1", "enter")  # the answer is remembered
        await until(pilot, settled(app, a, 3))
        await pilot.press("u")
        await until(pilot, settled(app, a, 4))
        await pilot.press("f")
        await until(pilot, settled(app, a, 5))
        assert np.array_equal(a.codes[0, at], b.codes[0, at])
        assert not app.screen.prompt.is_open


async def test_without_a_selection_a_blend_is_of_the_whole_sounds(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before = a.codes.copy()
        await pilot.press("l", "l", "j", "B")
        assert f"@0:{a.frames}" in app.screen.lines.prompt.label
        await pilot.press("ctrl+u", *"1", "enter")
        await until(pilot, settled(app, a, 1))
        width = min(a.frames, b.frames)
        assert np.array_equal(a.codes[:, :width], b.codes[:, :width])
        await pilot.press("u")
        await until(pilot, settled(app, a, 2))
        await pilot.press("2", "B", "ctrl+u", *"1", "enter")  # a number before the key is a number of frames
        await until(pilot, settled(app, a, 3))
        assert np.argwhere(a.codes != before)[:, 1].tolist() in ([2, 3], [2], [3], [])


async def test_lengths_change_under_keys_and_come_back(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        before, frames = a.codes.copy(), a.frames
        await pilot.press("v", "3", "l", "2", "e", "r")
        await until(pilot, lambda: a.frames == frames + 8)
        assert np.array_equal(a.codes[:, 4:8], before[:, :4])
        await pilot.press("e", "m")
        await until(pilot, lambda: a.frames == frames + 12)
        await pilot.press("e", "s", "enter")
        await until(pilot, lambda: a.frames == frames + 16)
        await pilot.press(".")
        await until(pilot, lambda: a.frames == frames + 20)
        await pilot.press("4", "u")
        await until(pilot, lambda: a.frames == frames and not app.session.edits.chains[a.id].waiting)
        assert np.array_equal(a.codes, before)


async def test_registers_mix_and_flood(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        before = a.codes.copy()
        await pilot.press("v", "2", "l", '"', "k", "y")
        await until(pilot, lambda: "k" in app.session.edits.registers.known)
        await pilot.press("1", "0", "|", "v", "6", "l", '"', "k", "g", "p")
        await until(pilot, settled(app, a, 1))
        assert np.array_equal(a.codes[0, 10:17], np.tile(before[0, :3], 3)[:7])
        await pilot.press("escape", "2", "5", "|", '"', "k", "P")
        assert app.screen.prompt.value == "@25"
        await pilot.press("enter")
        await until(pilot, settled(app, a, 2))
        gaps = before[0, 25:28] == before[0, 25]
        assert np.array_equal(a.codes[0, 25:28], np.where(gaps, before[0, :3], before[0, 25:28]))
        await pilot.press("3", "0", "|", '"', "k", "p")
        await until(pilot, settled(app, a, 3))
        await pilot.press("3", "5", "|", ".")
        await until(pilot, settled(app, a, 4))
        assert np.array_equal(a.codes[0, 35:38], before[0, :3])


async def test_painting_writes_codes_along_and_is_one_change_for_repeat(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        before = a.codes.copy()
        await pilot.press("j", "5", "|", "t", "1", "2", "space", ".", "9", "9", "backspace", "enter", "space")
        assert "PAINT" in app.screen.mode.text
        await pilot.press("9", "9", "9", "9", "space")
        assert "is not a code" in app.screen.mode.text
        await pilot.press("escape")
        await until(pilot, settled(app, a, 3))
        assert a.codes[1, 5:9].tolist() == [12, before[1, 6], 9, 9]
        assert "PAINT" not in app.screen.mode.text
        await pilot.press("2", "0", "|", ".")
        await until(pilot, settled(app, a, 4))
        assert a.codes[1, 20:24].tolist() == [12, before[1, 21], 9, 9]
        assert app.editor.pane.cursor.frame == 20
        order = await brightness(app, pilot, until)
        low = ["r", *str(order[1]), "enter"]
        await pilot.press("g", "g", "0", *low, "l", *low, "h", "3", "]", "l", ".", "2", ".")
        await until(pilot, settled(app, a, 9))
        assert a.codes[0, :2].tolist() == [order[4], order[6]]


async def test_typed_edits_are_repeated_too_and_the_other_pane_stays_the_other(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        before = (a.codes.copy(), b.codes.copy())
        await pilot.press(":", *"blend B 1 q0 @0:4", "enter")
        await until(pilot, settled(app, a, 1))
        assert np.array_equal(a.codes[0, :4], before[1][0, :4])
        await pilot.press("tab", "1", "0", "|", ".")
        await until(pilot, settled(app, b, 1))
        assert np.array_equal(b.codes[0, 10:14], before[0][0, 10:14])
        await pilot.press(":", *"edit.undo", "enter")
        await until(pilot, settled(app, b, 2))
        await pilot.press(":", *"edit.swap 3", "enter")
        await until(pilot, settled(app, b, 3))
        assert np.array_equal(b.codes[0, 10:13], before[0][0, 10:13])
        await pilot.press(":", *"edit.undo x", "enter")
        assert "takes at most a count" in app.screen.mode.text


async def test_locked_levels_are_left_alone_and_shown(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        before = a.codes.copy()
        await pilot.press("K")
        await until(pilot, lambda: a.info.locked == [0])
        assert "locked 0" in app.screen.view.widgets[0].header.text
        await pilot.press("escape", "V", "5", "l", "r", "3", "enter")
        await until(pilot, settled(app, a, 2))
        assert "q0 locked: not changed" in app.screen.mode.text
        assert np.array_equal(a.codes[0], before[0])
        assert (a.codes[1:, :6] == 3).all()
        await pilot.press("e", "m")
        await until(pilot, lambda: "changes the length of every level" in app.screen.mode.text)
        await pilot.press("escape", "v", "j", "K")
        await until(pilot, lambda: a.info.locked == [0, 1])
        await pilot.press("u")
        await until(pilot, settled(app, a, 4))
        assert np.array_equal(a.codes, before)
        assert a.info.locked == [0, 1]
        app.screen.command_line.run("unlock")
        await until(pilot, lambda: a.info.locked == [])


async def test_the_undo_list_goes_to_any_moment(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a, b = app.screen.context.grids()
        states = [a.codes.copy()]
        for number, keys in enumerate((["r", "1", "enter"], ["s"], ["r", "2", "enter"])):
            await pilot.press(*keys)
            await until(pilot, settled(app, a, number + 1))
            states.append(a.codes.copy())
        await pilot.press("g", "u")
        await until(
            pilot,
            lambda: (
                len(
                    getattr(
                        app.screen, "rows", app.screen.view.widgets[0] if hasattr(app.screen, "panes") else app
                    ).rows
                )
                == 4
            ),
        )
        assert "=>    3" in app.screen.rows.rows[3].text
        assert "both strands" in app.screen.rows.rows[2].text
        await pilot.press("g", "g", "enter")
        await until(pilot, lambda: a.info.undo_depth == 0 and "3 edits undone" in app.screen.mode.text)
        assert np.array_equal(a.codes, states[0])
        assert b.info.undo_depth == 0
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: a.info.undo_depth == 2 and "2 edits redone" in app.screen.mode.text)
        assert np.array_equal(a.codes, states[2])
        assert "(undone)" in app.screen.rows.rows[3].text
        await pilot.press("escape")
        assert app.screen.NAME == "editor"


async def test_the_undo_list_is_asked_for_once_at_a_time(
    with_two: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_two() as (app, pilot):
        grid, ask, asked, gate = app.screen.context.grids()[0], app.session.ask, list[Any](), asyncio.Event()

        async def slow(body: Any, **more: Any) -> Any:
            if isinstance(body, GetHistory):
                asked.append(body)
                await gate.wait()
            return await ask(body, **more)

        monkeypatch.setattr(app.session, "ask", slow)
        await pilot.press("g", "u")
        await until(pilot, lambda: asked)
        for number in range(9):
            await app.session.edits.apply_edit(grid.id, parse_edit(f"set {number} q0 @0:1"))
        await until(pilot, lambda: grid.rev == 9)
        assert len(asked) == 1, "the first answer is still on its way"
        gate.set()
        await until(pilot, lambda: len(app.screen.rows.rows) == 10 and "=>    9" in app.screen.rows.rows[9].text)
        await pilot.pause(0.1)
        assert len(asked) == 2


async def test_what_needs_a_selection_says_so(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        await pilot.press("e", "g")
        assert "no selection" in app.screen.mode.text
        await pilot.press("tab", "g", "v")
        assert "nothing was selected" in app.screen.mode.text


async def test_selections_grow_and_come_back(with_two: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        a.codes[1, 4:9], a.codes[1, 3], a.codes[1, 9] = 5, 6, 6
        await pilot.press("j", "6", "|")
        sizes = []
        for _ in range(4):
            await pilot.press("a")
            rect = app.editor.pane.rect(a)
            sizes.append((rect.height, rect.width))
        assert sizes == [(1, 1), (1, 5), (1, a.frames), (a.levels, a.frames)]
        await pilot.press("escape", "g", "g", "0", "g", "v")
        assert app.editor.pane.rect(a).width == a.frames


async def test_macros_record_keys_and_play_them_again(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        a = app.screen.context.grids()[0]
        await pilot.press("@", "m")
        assert "no macro m" in app.screen.mode.text
        order = await brightness(app, pilot, until)
        start = next(code for code in order[:-1] if code > 9)
        await pilot.press("Q", "m", "r", *str(start), "enter", "]", "2", "l")
        assert "recording m" in app.screen.mode.text
        await pilot.press("Q")
        assert "macro m: 7 keys" in app.screen.mode.text
        await pilot.press("2", "@", "m", "@", "@")
        await until(pilot, settled(app, a, 8))
        assert a.codes[0, [0, 2, 4, 6]].tolist() == [order[order.index(start) + 1]] * 4
        assert app.editor.pane.cursor.frame == 8
        await pilot.press("Q", "n", "o", "j", "Q", "g", "g", "@", "n")
        assert "no selection" in app.screen.mode.text
        assert app.editor.pane.cursor.level == 0, "the macro ended where an action could not be done"


async def test_a_recording_ends_with_whatever_key_macros_have(with_two: Any, until: Any) -> None:
    async with with_two() as (app, pilot):
        usual = app.keymap
        await pilot.press("Q", "q", "l", "Q")
        assert "macro q: 1 key;" in app.screen.mode.text
        app.keymap = usual.taken_from_others("macro.record", ("g q",))
        await pilot.press("g", "q", "k", "2", "l", "g", "q")
        assert "macro k: 2 keys" in app.screen.mode.text
        assert (app.macros.recording, app.macros.known["k"]) == (None, ["2", "l"])
        app.keymap = usual.with_keys("macro.record", ())
        await pilot.press(":", *"macro.record w", "enter", "j", "l", ":", *"macro.record", "enter")
        assert app.macros.known["w"] == ["j", "l"]
        app.keymap = usual.with_keys("macro.record", ("@",)).with_keys("macro.play", ())
        await pilot.press("@", "@")
        assert "a macro needs a name" in app.screen.mode.text
        assert app.macros.recording is None


async def test_a_macro_that_is_too_long_is_said_to_be_cut(with_two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.input.macros.MOST_STROKES", 3)
    async with with_two() as (app, pilot):
        await pilot.press("Q", "m", *"lllll", "Q")
        assert "macro m: only the first 3 of 5 keys are kept" in app.screen.mode.text
        assert app.macros.known["m"] == ["l", "l", "l"]


async def test_a_macro_that_plays_itself_comes_to_an_end(with_two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.input.macros.MOST_PLAYED", 1200)  # more than Python lets functions call themselves
    async with with_two() as (app, pilot):
        app.macros.known = {"n": ["l", "@", "n"]}
        await pilot.press("@", "n")
        assert app.editor.pane.cursor.frame == app.screen.context.grid.frames - 1

"""The registry of actions and the keymaps that come with Allele."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta
from tui.actions.registry import ACTIONS, BY_ID, actions_of
from tui.app import AlleleApp
from tui.editor.screen import EditorScreen
from tui.generate.screen import GenerateScreen
from tui.input.keymap import NAMES, default_keymap, shown, unsendable
from tui.model.grid import StrandGrid
from tui.screens.base import BaseScreen
from tui.screens.codebook import CodebookScreen
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.library import LibraryScreen
from tui.screens.takes import TakeList
from tui.screens.train import TrainScreen
from tui.screens.undo_list import UndoList


def _grid() -> StrandGrid:
    meta = StrandMeta(name="a", model="m", codec_id="c", levels=1, codebook=4, frames=1, samples=1024)
    return StrandGrid(StrandInfo(id="s1", meta=meta, rev=0), np.zeros((1, 1), np.uint16))


SCREENS: dict[str, Callable[[AlleleApp], BaseScreen]] = {
    "editor": EditorScreen,
    "library": lambda _: LibraryScreen(),
    "train": lambda _: TrainScreen(),
    "codebook": lambda _: CodebookScreen(),
    "generate": lambda _: GenerateScreen(),
    "help": lambda _: HelpScreen("editor"),
    "keys": lambda _: KeysScreen(),
    "undolist": lambda _: UndoList("s1"),
    "takes": lambda app: TakeList(_grid(), FrameRange(0, 1), [], app.editor),
}


def test_every_action_has_one_name_and_words() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for action in ACTIONS:
        assert action.title
        assert action.id.count(".") == 1
        assert set(action.screens) <= set(SCREENS), f"{action.id}: add its screen to this test"


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_of_a_screen_is_carried_out_there(screen: str, tmp_path: Path) -> None:
    app = AlleleApp(tmp_path)
    made = SCREENS[screen](app)
    for action in actions_of(screen):
        assert action.id in made.handlers or action.id in app.handlers, f"{screen}: {action.id}"
    assert made.handlers.keys() <= BY_ID.keys(), "a handler of an action that is not there"


@pytest.mark.parametrize("name", NAMES)
def test_every_action_has_a_key_and_every_key_an_action(name: str) -> None:
    keymap = default_keymap(name)
    for action in ACTIONS:
        assert keymap.keys_for(action.id), action.id
    assert not set(keymap.keys) - set(BY_ID), "keys of an action that is not there"


@pytest.mark.parametrize("name", NAMES)
def test_no_key_has_two_meanings_on_a_screen_or_begins_a_longer_one(name: str) -> None:
    keymap = default_keymap(name)
    for action in ACTIONS:
        for key in keymap.keys_for(action.id):
            assert keymap.clashes(action.id, key) == [], (action.id, key)


@pytest.mark.parametrize("name", NAMES)
def test_no_key_is_one_that_terminals_cannot_send(name: str) -> None:
    for action_id, keys in default_keymap(name).keys.items():
        for key in keys:
            assert unsendable(key) == "", action_id


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ctrl+i", "Tab"),
        ("g ctrl+m", "Enter"),
        ("ctrl+h", "Backspace"),
        ("ctrl+[", "Esc"),
        ("ctrl+shift+z", "without Shift"),
        ("super+a", "themselves"),
    ],
)
def test_a_key_that_cannot_be_sent_is_named(key: str, said: str) -> None:
    assert said in unsendable(key)


def test_a_clash_is_the_same_key_or_the_beginning_of_a_longer_one() -> None:
    keymap = default_keymap("vim")
    assert keymap.clashes("edit.swap", "u") == ["edit.undo"]
    assert "move.first_level" in keymap.clashes("edit.swap", "g")
    assert keymap.clashes("edit.swap", "u x") == ["edit.undo"]
    assert keymap.clashes("edit.swap", "J") == [], "J is the training's"
    assert "edit.undo" in keymap.clashes("app.help", "u"), "help is everywhere"


def test_sentences_name_the_key_of_the_keymap_in_use() -> None:
    vim, tracker = default_keymap("vim"), default_keymap("tracker")
    assert vim.fill("{edit.undo} undoes; {not.one} stays") == "u undoes; {not.one} stays"
    assert tracker.fill("{edit.undo}") == "ctrl+z"
    assert vim.with_keys("edit.undo", ()).fill("{edit.undo}") == ":edit.undo"
    assert shown("g g") == "gg"
    assert shown("g pagedown") == "g PgDn"


def test_laying_keys_over_a_keymap_takes_them_from_the_others() -> None:
    made = default_keymap("vim").taken_from_others("edit.swap", ("u", "g"))
    assert made.keys_for("edit.swap") == ("u", "g")
    assert "u" not in made.keys_for("edit.undo")
    assert made.keys_for("move.first_level") == ()
    assert made.clashes("edit.swap", "u") == []

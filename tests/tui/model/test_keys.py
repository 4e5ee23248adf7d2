"""Counts, registers and two-key commands."""

import pytest

from tui.keymap import ACTIONS, actions_of, keys_of, table_of
from tui.model.keys import KeyReader, Pressed

SCREENS = ("editor", "library", "train", "help")


def feed(keys: list[str], screen: str = "editor") -> Pressed | None:
    reader = KeyReader(table_of(screen))
    pressed = None
    for key in keys:
        pressed = reader.feed(key)
    return pressed


@pytest.mark.parametrize(
    ("keys", "action", "count", "register"),
    [
        (["s"], "edit.swap", None, None),
        (["8", "l"], "move.right", 8, None),
        (["1", "2", "0", "|"], "move.frame", 120, None),
        (["0"], "move.start", None, None),
        (["g", "g"], "move.first_level", None, None),
        (["5", "g", "g"], "move.first_level", 5, None),
        (["g", "e"], "go.editor", None, None),
        (['"', "b", "y"], "edit.copy", None, "b"),
        (["3", '"', "z", "p"], "edit.put", 3, "z"),
        (["ctrl+r"], "edit.redo", None, None),
        (["escape"], "select.drop", None, None),
    ],
)
def test_keys_become_actions(keys: list[str], action: str, count: int | None, register: str | None) -> None:
    pressed = feed(keys)
    assert pressed is not None
    assert (pressed.action, pressed.count, pressed.register) == (action, count, register)


def test_unfinished_commands_wait_and_show_what_was_typed() -> None:
    reader = KeyReader(table_of("editor"))
    assert [reader.feed(key) for key in ["1", "2", '"', "c", "g"]] == [None] * 5
    assert reader.waiting == '12"cg'


def test_escape_drops_a_half_typed_command_and_nothing_else() -> None:
    reader = KeyReader(table_of("editor"))
    reader.feed("4")
    dropped = reader.feed("escape")
    assert dropped is not None
    assert dropped.action == ""
    swap = reader.feed("s")
    assert swap is not None
    assert swap.count is None


def test_unknown_keys_say_so_and_leave_nothing_behind() -> None:
    unknown = feed(["g", "x"])
    assert unknown is not None
    assert unknown.action is None
    assert unknown.keys == "g x"


def test_a_held_digit_cannot_grow_without_bound() -> None:
    pressed = feed([*["9"] * 50, "l"])
    assert pressed is not None
    assert pressed.count == 999_999


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_has_two_meanings_on_a_screen(screen: str) -> None:
    keys = [key for action in actions_of(screen) for key in action.keys]
    assert len(keys) == len(set(keys))
    table = table_of(screen)
    prefixes = {key.rsplit(" ", 1)[0] for key in table if " " in key}
    assert not prefixes & set(table), "a key that begins a longer command can never act alone"


def test_no_key_is_one_that_terminals_cannot_send() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert key not in ("ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+left_square_bracket"), action.id
            assert "ctrl+shift" not in key
            assert "super" not in key


def test_every_action_can_be_found_and_read() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.title
        assert keys_of(action.id), action.id

"""Counts, registers and two-key commands."""

import pytest

from tui.input.keymap import default_keymap
from tui.input.keys import KeyReader, Pressed


def feed(keys: list[str], screen: str = "editor") -> Pressed | None:
    reader = KeyReader(default_keymap("vim").table_of(screen))
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
    reader = KeyReader(default_keymap("vim").table_of("editor"))
    assert [reader.feed(key) for key in ["1", "2", '"', "c", "g"]] == [None] * 5
    assert reader.waiting == '12"cg'


def test_escape_drops_a_half_typed_command_and_nothing_else() -> None:
    reader = KeyReader(default_keymap("vim").table_of("editor"))
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


def test_some_commands_take_a_letter() -> None:
    reader = KeyReader({"q": "record", "@": "play", "m": "mark"}, letters=("record", "play"))
    assert reader.feed("q") is None
    assert reader.waiting == "q"
    assert reader.feed("m") == Pressed("record", None, "m", "q m")
    assert [reader.feed(key) for key in "3@"] == [None, None]
    assert reader.feed("@") == Pressed("play", 3, "@", "@ @")
    reader.feed("q")
    assert reader.feed("left") == Pressed(None, None, None, "q left")
    reader.feed("q")
    dropped = reader.feed("escape")
    assert dropped is not None
    assert dropped.action == ""


def test_where_digits_are_data_there_is_no_count_but_registers_are() -> None:
    reader = KeyReader({"1": "set", "p": "put"}, counts=False)
    assert reader.feed("1") == Pressed("set", None, None, "1")
    assert [reader.feed(key) for key in '"b'] == [None, None]
    assert reader.feed("p") == Pressed("put", None, "b", "p")

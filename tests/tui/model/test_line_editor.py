"""The prompt's line."""

import pytest

from tui.model.line_editor import LineEditor


def typed(*keys: str) -> tuple[str, int]:
    line = LineEditor()
    for key in keys:
        if len(key) == 1:
            line.insert(key)
        else:
            assert line.key(key)
    return line.text, line.cursor


@pytest.mark.parametrize(
    ("keys", "text", "cursor"),
    [
        ([*"abc", "left", "x"], "abxc", 3),
        ([*"abc", "home", "x", "end", "y"], "xabcy", 5),
        ([*"abc", "backspace", "left", "delete"], "a", 1),
        (["backspace", "delete", "left", "right", *"a"], "a", 1),
        ([*"/home/me/a b", "ctrl+w"], "/home/me/a ", 11),
        ([*"/home/me", "ctrl+w"], "/home/", 6),
        ([*"abc", "left", "ctrl+u"], "c", 0),
        ([*"abc", "left", "ctrl+k"], "ab", 2),
    ],
)
def test_keys_edit_the_line(keys: list[str], text: str, cursor: int) -> None:
    assert typed(*keys) == (text, cursor)


def test_a_key_that_means_nothing_changes_nothing() -> None:
    line = LineEditor()
    line.set("abc")
    assert not line.key("f5")
    assert (line.text, line.cursor) == ("abc", 3)

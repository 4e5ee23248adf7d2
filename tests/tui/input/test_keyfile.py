"""A person's own keys: kept, read again, and harmless when they are wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.errors import AlleleError
from tui.actions.registry import ACTIONS, BY_ID
from tui.input.keyfile import OwnKeys, key_file, read_keys, write_keys
from tui.input.keymap import NAMES, default_keymap

KEYS = st.sampled_from(["s", "u", "g", "g b", "ctrl+b", "f9", '"', "\\", "#", "x", "escape"])
CHANGES = st.lists(st.tuples(st.sampled_from(sorted(BY_ID)), st.lists(KEYS, max_size=2, unique=True)), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, name=st.sampled_from(NAMES))
def test_what_was_bound_is_bound_again_and_nothing_clashes(
    tmp_path: Path, changes: list[tuple[str, list[str]]], name: str
) -> None:
    keymap = default_keymap(name)
    for action_id, keys in changes:
        keymap = keymap.taken_from_others(action_id, tuple(keys))
    own = OwnKeys(name=name)
    own.bind(keymap)
    write_keys(tmp_path, own)
    again = read_keys(tmp_path)
    assert again.problems == []
    assert again.name == name
    for action in ACTIONS:
        assert set(again.keymap().keys_for(action.id)) == set(keymap.keys_for(action.id)), action.id


def test_without_a_file_the_usual_keys_hold(tmp_path: Path) -> None:
    assert read_keys(tmp_path).keymap() == default_keymap("vim")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keymap = \nx = 1", "line 1"),
        ("\x00\xff", "keys.toml"),
        ('keymap = "emacs"', "one of vim, tracker"),
        ('[vim]\n"edit.fly" = ["s"]', "no action is called edit.fly"),
        ('[vim]\n"edit.swap" = "s"', "keys are written"),
        ('[vim]\n"edit.swap" = [3]', "keys are written"),
        ('[vim]\n"edit.swap" = ["ctrl+i"]', "same as Tab"),
        ('[emacs]\n"edit.swap" = ["s"]', "not a table of keys"),
        ("[vim]\nmove.left = 3", "no action is called move"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line_and_the_usual_keys_stay(tmp_path: Path, text: str, said: str) -> None:
    key_file(tmp_path).write_text(text, encoding="latin-1")
    own = read_keys(tmp_path)
    assert len(own.problems) == 1
    assert said in own.problems[0]
    assert "\n" not in own.problems[0]
    assert own.keymap().keys == default_keymap("vim").keys


def test_a_bad_entry_leaves_the_good_ones(tmp_path: Path) -> None:
    key_file(tmp_path).write_text('[vim]\n"edit.fly" = ["s"]\n"edit.swap" = ["f9"]\n', encoding="utf-8")
    assert read_keys(tmp_path).keymap().keys_for("edit.swap") == ("f9",)


def test_a_file_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    key_file(tmp_path).write_text("keymap = ", encoding="utf-8")
    own = read_keys(tmp_path)
    with pytest.raises(AlleleError, match="left as it is"):
        write_keys(tmp_path, own)
    assert key_file(tmp_path).read_text(encoding="utf-8") == "keymap = "

"""Esc and the key after it are two keys, however soon it follows; sequences of keys stay whole."""

import pytest

from tui.widgets.driver import ListeningParser


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        (["\x1b", ":"], ["escape", "colon"]),
        (["\x1b", "j", "j"], ["escape", "j", "j"]),
        (["\x1b", "[A"], ["up"]),
        (["\x1b[A"], ["up"]),
        (["a", "\x1b", "g", "g"], ["a", "escape", "g", "g"]),
    ],
)
def test_a_key_after_esc_is_not_swallowed(pieces: list[str], keys: list[str]) -> None:
    parser = ListeningParser()
    assert [getattr(event, "key", "") for piece in pieces for event in parser.feed(piece)] == keys

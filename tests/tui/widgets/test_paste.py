"""What is pasted never acts: control characters are taken out between a paste's two marks, however it is cut up."""

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.driver import PASTE_BEGINS, PASTE_ENDS, PasteFilter

KEYS = "jj\x1b[Ax\x1bq"
PIECES = ["a", "é", "\x1b", "\x1b[A", "\x11", "[20", "\t", "\r", "\x00"]
JUNK = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def cleaned(text: str) -> str:
    return "".join(character for character in text if ord(character) >= 32 or character in "\t\r")


@given(first=JUNK, second=JUNK, cuts=st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_keys_pass_and_pastes_are_text(first: str, second: str, cuts: list[int]) -> None:
    stream = KEYS + PASTE_BEGINS + first + PASTE_ENDS + KEYS + PASTE_BEGINS + second + PASTE_ENDS + KEYS
    reader, passed, at, turn = PasteFilter(), "", 0, 0
    while at < len(stream):
        passed += reader.pass_on(stream[at : at + cuts[turn % len(cuts)]])
        at, turn = at + cuts[turn % len(cuts)], turn + 1
    pasted = [PASTE_BEGINS + cleaned(text) + PASTE_ENDS for text in (first, second)]
    assert passed == KEYS + pasted[0] + KEYS + pasted[1] + KEYS


def test_keys_are_not_held_back() -> None:
    assert PasteFilter().pass_on("\x1b") == "\x1b"

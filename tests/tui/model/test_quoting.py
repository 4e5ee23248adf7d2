"""Words as a shell reads them: the same as shlex where shlex can read them, and where each stands."""

import shlex
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.quoting import quote_words, read_words, split_words

TEXTS = st.text("ab /'\"\\~.#é\u3000\n\t", max_size=14)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=14)


@given(TEXTS)
def test_words_are_those_of_a_shell(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        expected = None
    assert split_words(text) == expected


@given(st.lists(ANY, min_size=1, max_size=4))
def test_what_is_quoted_is_read_again_and_looks_quoted(words: list[str]) -> None:
    read = read_words(quote_words(words))
    assert [word.value for word in read] == words
    assert all(word.tidy for word in read)


@given(ANY)
def test_every_text_ends_and_its_words_cover_it(text: str) -> None:
    words = read_words(text)
    gaps = [text[one.end : other.start] for one, other in pairwise(words)]
    assert all(word.start < word.end for word in words)
    assert all(gap.strip(" \t\r\n") == "" for gap in gaps)


@pytest.mark.parametrize(
    ("text", "value", "is_tidy"),
    [
        ("'my sound.wav'", "my sound.wav", True),
        ("'/a/my folder'/x.wav", "/a/my folder/x.wav", True),
        ("/a/'my folder'/x.wav", "/a/my folder/x.wav", True),
        (r"it\'s\ \(1\).wav", "it's (1).wav", True),
        (r"'don'\''t.wav'", "don't.wav", True),
        ("'a'$'\\n''b.wav'", "a\nb.wav", True),
        (r"$'\303\244\x41\u00e9.wav'", "äAé.wav", True),
        (r"$'\ud800\UFFFFFFFF'", "\ufffd\ufffd", True),
        ("Bob's.pack/don't.wav", "Bobs.pack/dont.wav", False),
        ("'tis the don't.wav", "tis the dont.wav", False),
        (r"a\b.wav", "ab.wav", False),
    ],
)
def test_quotes_of_a_tool_are_told_from_apostrophes(text: str, value: str, is_tidy: bool) -> None:
    (word,) = read_words(text)
    assert (word.value, word.tidy, word.open) == (value, is_tidy, "")


@pytest.mark.parametrize(("text", "opened"), [("don't", "'"), ('a "b c', '"'), ("$'a", "$'"), ("a\\", "\\")])
def test_an_open_quote_is_known(text: str, opened: str) -> None:
    assert read_words(text)[-1].open == opened
    assert split_words(text) is None

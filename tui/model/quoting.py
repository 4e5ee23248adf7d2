r"""Splits text into words as a shell does, with the position of each and whether a tool wrote its quotes.

`shlex` rejects a text with an unpaired apostrophe and does not report positions, but users type names with
apostrophes. This module reads the same quoting ('…', "…", \x), and $'…', which `ls` and `printf %q` write for names
with unusual characters. An unclosed quote ends with the text, and its word records it. Does no I/O.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

BLANKS = " \t\r\n"

_PIECE = re.compile(
    r"""(?P<dollar>\$'(?:[^'\\]|\\.)*(?P<dollar_end>'?))"""
    r"""|(?P<single>'[^']*(?P<single_end>'?))"""
    r"""|(?P<double>"(?:[^"\\]|\\.)*(?P<double_end>"?))"""
    r"""|\\(?P<escaped>.?)"""
    r"""|(?P<plain>[^\s'"\\$]+|\$(?!')|[^\S \t\r\n])""",
    re.DOTALL,
)
_DOUBLE_ESCAPE = re.compile(r'\\(["\\$`])')
_DOLLAR_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "e": 27, "E": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word: its position in the text, its text without quoting, and the quote that was not closed, if any.

    Attributes:
        tidy: whether the word is quoted as tools quote: quotes open at its beginning or after a slash and close at its
            end or before a slash, and a backslash precedes a character that needs it. The apostrophes of
            `Bob's don't.wav` are not tidy.
    """

    start: int
    end: int
    value: str
    open: str
    tidy: bool


def read_words(text: str) -> list[Word]:
    """Return every word of a text. The last one may have an unclosed quote."""
    words: list[Word] = []
    at = 0
    while at < len(text):
        if text[at] in BLANKS:
            at += 1
            continue
        words.append(_read_word(text, at))
        at = words[-1].end
    return words


def split_words(text: str) -> list[str] | None:
    """Return the words without their quoting, or None when a quote is not closed."""
    words = read_words(text)
    return None if any(word.open for word in words) else [word.value for word in words]


def is_plain(text: str) -> bool:
    """Return whether a text contains no quote and no escape."""
    return not any(character in text for character in "\\'\"")


def quote_words(words: Iterable[str]) -> str:
    """Join words into one line, quoted so that `read_words` reads the same words."""
    return " ".join(shlex.quote(word) for word in words)


def _read_word(text: str, start: int) -> Word:
    at, value, opened, tidy = start, "", "", True
    before = ""  # what precedes a piece: "" the word's beginning, "q" a quote, else the last plain character
    while at < len(text) and text[at] not in BLANKS and (match := _PIECE.match(text, at)):
        piece, at = match[0], match.end()
        if match["plain"] is not None:
            tidy = tidy and (before != "q" or piece.startswith("/"))
            value, before = value + piece, piece[-1]
        elif match["escaped"] is not None:
            tidy = tidy and match["escaped"] != "" and not match["escaped"].isalnum()
            opened = "" if match["escaped"] else "\\"
            value, before = value + match["escaped"], ""
        else:
            tidy = tidy and before in ("", "q", "/")
            kind, piece = _unquote(match)
            opened = "" if match[f"{kind}_end"] else {"dollar": "$'", "single": "'", "double": '"'}[kind]
            value, before = value + piece, "q"
    return Word(start=start, end=at, value=value, open=opened, tidy=tidy and not opened)


def _unquote(match: re.Match[str]) -> tuple[str, str]:
    """Return the kind of quote of a piece, and its text without it."""
    kind = next(kind for kind in ("dollar", "single", "double") if match[kind] is not None)
    begin = 2 if kind == "dollar" else 1
    inside = match[kind][begin : len(match[kind]) - len(match[f"{kind}_end"])]
    if kind == "double":
        return kind, _DOUBLE_ESCAPE.sub(r"\1", inside)
    if kind == "dollar":
        return kind, _undollar(inside)
    return kind, inside


def _undollar(text: str) -> str:
    r"""Decode the inside of $'…': letters such as \n, and bytes of UTF-8 such as \303\244 or \xc3\xa4."""

    def one(match: re.Match[str]) -> str:
        word = match[1]
        if word[0] in "uU" and len(word) > 1:
            number = int(word[1:], 16)
            return "\ufffd" if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)
        if word[0] == "x" and len(word) > 1:
            return _of_byte(int(word[1:], 16))
        if word[0] in "01234567":
            return _of_byte(int(word, 8) & 0xFF)
        return chr(_LETTERS[word]) if word in _LETTERS else word

    decoded = _DOLLAR_ESCAPE.sub(one, text)
    return decoded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _of_byte(byte: int) -> str:
    """Return a byte as a `surrogateescape` character; the bytes of one character are decoded together later."""
    return bytes([byte]).decode("ascii", "surrogateescape")

r"""Words as a shell would read them, with where each stands and whether its quotes look like a tool's or like a name's.

`shlex` refuses a text with an apostrophe in it and forgets where words stand; people type names with apostrophes. This
reads the same quoting ('…', "…", \x), and $'…', which `ls` and `printf %q` write for names with odd characters. A quote
that is not closed ends with the text, and the word says so. Pure.
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
    """One word: its place in the text, what it says without quoting, and the quote that was not closed, if any.

    tidy: it is quoted as tools quote. Quotes open at the beginning of the word or after a slash and close at its end or
    before one; a backslash stands before a character that needs it. The apostrophes of `Bob's don't.wav` are not tidy.
    """

    start: int
    end: int
    value: str
    open: str
    tidy: bool


def read_words(text: str) -> list[Word]:
    """Every word of a text, the last one perhaps with an open quote."""
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
    """What the words say, None when a quote is open."""
    words = read_words(text)
    return None if any(word.open for word in words) else [word.value for word in words]


def is_plain(text: str) -> bool:
    """Whether nothing in a text quotes or escapes."""
    return not any(character in text for character in "\\'\"")


def quote_words(words: Iterable[str]) -> str:
    """The words in one line, from which `read_words` reads them again."""
    return " ".join(shlex.quote(word) for word in words)


def _read_word(text: str, start: int) -> Word:
    at, value, opened, tidy = start, "", "", True
    before = ""  # what stands before a piece: "" the word's beginning, "q" a quote, else the last plain character
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
            kind, said = _unquote(match)
            opened = "" if match[f"{kind}_end"] else {"dollar": "$'", "single": "'", "double": '"'}[kind]
            value, before = value + said, "q"
    return Word(start=start, end=at, value=value, open=opened, tidy=tidy and not opened)


def _unquote(match: re.Match[str]) -> tuple[str, str]:
    """Which quote a piece has, and what it says."""
    kind = next(kind for kind in ("dollar", "single", "double") if match[kind] is not None)
    begin = 2 if kind == "dollar" else 1
    inside = match[kind][begin : len(match[kind]) - len(match[f"{kind}_end"])]
    if kind == "double":
        return kind, _DOUBLE_ESCAPE.sub(r"\1", inside)
    if kind == "dollar":
        return kind, _undollar(inside)
    return kind, inside


def _undollar(text: str) -> str:
    r"""What stands in $'…': letters such as \n, and bytes of UTF-8 as \303\244 or \xc3\xa4."""

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

    said = _DOLLAR_ESCAPE.sub(one, text)
    return said.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _of_byte(byte: int) -> str:
    """A byte as `surrogateescape` keeps it until the bytes of one character are together."""
    return bytes([byte]).decode("ascii", "surrogateescape")

"""Finds the file that a typed name means: the exact name, `~` as the home, or another normal form of Unicode.

The only I/O is the check whether a file exists. The command line's parser imports this module, so it imports nothing
that loads slowly.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from tui.model.quoting import BLANKS, read_words

LINE_END = re.compile(r"\r\n?|\n")
MOST_WORDS = 64
"""The most words of a line that are tried as one unquoted name with spaces."""


def as_typed(text: str) -> Path | None:
    """Return the existing path that a text names, exactly or without surrounding blanks and line end; else None."""
    unix = LINE_END.sub("\n", text)
    for variant in dict.fromkeys((text, unix, text.strip("\r\n"), unix.strip("\n"), text.strip(BLANKS))):
        path = named(variant)
        if path is not None:
            return path
    return None


def named(name: str) -> Path | None:
    """Return the existing path of a name: the exact name, `~` as the home, or in another normal form of Unicode."""
    if not name:
        return None
    for path in (Path(name), at_home(name)):
        if is_there(path):
            return path
    return None if name.isascii() else in_another_form(at_home(name))


def at_home(name: str) -> Path:
    """Return the path with a leading `~` expanded, if it is the home of a known user."""
    try:
        return Path(name).expanduser()
    except RuntimeError:  # an unknown user; protocol.places has the same function but is slow to import
        return Path(name)


def is_there(path: Path) -> bool:
    """Return whether a path exists; False for a name that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):  # OSError: the name is too long; ValueError: it contains a zero byte
        return False


def leading_names(text: str, is_known: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield known names that a text begins with, each with the rest: unquoted, longest first, then a quoted one."""
    if text[:1] in (" ", "\t"):  # blanks belong to a name or precede it: both are tried
        yield from _leading(text, is_known)
    yield from _leading(text.lstrip(" \t"), is_known)


def _leading(text: str, is_known: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    ends = [match.start() for match in re.finditer(r"[ \t]|\Z", text) if match.start()]
    for end in [len(text), *reversed(ends[:MOST_WORDS])]:
        if is_known(text[:end]):
            yield text[:end], text[end:].strip(BLANKS)
    first = read_words(text)[:1]
    if first and not first[0].open and is_known(first[0].value):
        yield first[0].value, text[first[0].end :].strip(BLANKS)


def in_another_form(path: Path) -> Path | None:
    """Return the existing path that differs only in the normal form of Unicode: ä as one character or as two."""
    found = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        step: Path | None = found / part
        if not is_there(found / part):
            step = None if part.isascii() else _entry_like(found, part)
        if step is None:
            return None
        found = step
    return found


def _entry_like(folder: Path, name: str) -> Path | None:
    wanted = unicodedata.normalize("NFC", name)
    try:
        return next((path for path in folder.iterdir() if unicodedata.normalize("NFC", path.name) == wanted), None)
    except OSError:
        return None

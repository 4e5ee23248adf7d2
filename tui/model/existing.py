"""What exists under a name as it is typed: exactly so, with `~` as the home, or in another normal form of Unicode.

Pure but for the question to the disk whether something is there. The command line's parser imports this, so it imports
nothing that starts slowly.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from tui.model.quoting import BLANKS, read_words

LINE_END = re.compile(r"\r\n?|\n")
MOST_WORDS = 64
"""Words of a line that are tried as unquoted names with spaces."""


def as_typed(text: str) -> Path | None:
    """What exists under the name that a text is: as it stands, or without the line end or blanks around it."""
    unix = LINE_END.sub("\n", text)
    for variant in dict.fromkeys((text, unix, text.strip("\r\n"), unix.strip("\n"), text.strip(BLANKS))):
        path = named(variant)
        if path is not None:
            return path
    return None


def named(name: str) -> Path | None:
    """What exists under exactly this name, with `~` as the home, or written in another normal form of Unicode."""
    if not name:
        return None
    for path in (Path(name), at_home(name)):
        if is_there(path):
            return path
    return None if name.isascii() else in_another_form(at_home(name))


def at_home(name: str) -> Path:
    """The path with a leading `~` expanded, where that is somebody's home."""
    try:
        return Path(name).expanduser()
    except RuntimeError:  # ~somebody who is not known here; protocol.places has the same, and costs a start its speed
        return Path(name)


def is_there(path: Path) -> bool:
    """Does it exist? A name that no file can have does not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long; with a zero in it
        return False


def leading_names(text: str, is_known: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Known names that a text begins with, each with the rest: as typed, the longest first, then a quoted word."""
    if text[:1] in (" ", "\t"):  # the beginning of a name, or blanks before one
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
    """The existing path that is the same but for the normal form of its characters: ä as one character or as two."""
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

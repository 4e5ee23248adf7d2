"""Completion of a path in a line that is being typed, up to where several names differ.

Three readings are tried in order. First the text as typed: in `Bob's pack/do` the apostrophe is part of a name. Then
its last word, quoted or not, as a shell reads it. Then the text after each blank, for several unquoted names in a line.
"""

import shlex
import unicodedata
from pathlib import Path

from tui.model.existing import at_home, named
from tui.model.quoting import BLANKS, read_words


def complete(text: str) -> str:
    """Return the text with its last path completed; unchanged when no name matches or nothing can be added."""
    if (found := _grown(text)) is not None:
        return found
    words = read_words(text)
    if words and (words[-1].end == len(text) or words[-1].open):
        last = words[-1]
        if last.value != text and (found := _grown(last.value)) is not None:
            return text[: last.start] + _quoted(found, last.open)
    for at in range(1, len(text)):
        if text[at - 1] in BLANKS and text[at] not in BLANKS and (found := _grown(text[at:])) is not None:
            return text[:at] + shlex.quote(found)
    return text


def _grown(word: str) -> str | None:
    """Extend an unquoted path by what all matching names share, and by a slash after a single matching folder."""
    folder_text, slash, start = word.rpartition("/")
    folder = (named(folder_text) or at_home(folder_text)) if folder_text else Path(slash or ".")
    start = unicodedata.normalize("NFC", start)
    try:
        names = [entry.name for entry in folder.iterdir() if _begins(entry.name, start)]
    except (OSError, ValueError):
        return None
    common = _common(names) if names else ""
    if not names or not _begins(common, start):  # the names match in different normal forms of Unicode
        return None
    is_folder = len(names) == 1 and (folder / common).is_dir()
    return folder_text + slash + common + "/" * is_folder


def _begins(name: str, start: str) -> bool:
    return unicodedata.normalize("NFC", name).startswith(start)


def _common(names: list[str]) -> str:
    """Return the longest prefix that all names share."""
    shortest, longest = min(names), max(names)
    same = next((at for at, char in enumerate(shortest) if at >= len(longest) or longest[at] != char), len(shortest))
    return shortest[:same]


def _quoted(path: str, opened: str) -> str:
    """Quote a path as one word. An open quote stays open after a folder or a partial name, so that typing continues."""
    if opened in ("", "\\"):
        return shlex.quote(path)
    is_whole = (path_there := named(path)) is not None and path_there.is_file()
    if opened == '"':
        inside = "".join(f"\\{char}" if char in '"\\' else char for char in path)
    else:
        opened, inside = "'", path.replace("'", "'\"'\"'")
    return opened + inside + opened * is_whole

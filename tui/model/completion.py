"""Completing a path in a line that is being typed, as far as the disk leaves one way to go on.

The text as it stands comes first: in `Bob's pack/do` the apostrophe is part of a name. Then its last word, quoted or
not, as a shell reads it; then what follows each blank, for a line that holds several unquoted names.
"""

import shlex
import unicodedata
from pathlib import Path

from tui.model.existing import at_home, named
from tui.model.quoting import BLANKS, read_words


def complete(text: str) -> str:
    """The text with its last path completed; the same text where nothing fits or several things do."""
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
    """An unquoted path with as much added as every name that begins like it has; a slash after the one folder."""
    folder_text, slash, start = word.rpartition("/")
    folder = (named(folder_text) or at_home(folder_text)) if folder_text else Path(slash or ".")
    start = unicodedata.normalize("NFC", start)
    try:
        names = [entry.name for entry in folder.iterdir() if _begins(entry.name, start)]
    except (OSError, ValueError):
        return None
    common = _common(names) if names else ""
    if not names or not _begins(common, start):  # the latter: the same in other normal forms
        return None
    is_folder = len(names) == 1 and (folder / common).is_dir()
    return folder_text + slash + common + "/" * is_folder


def _begins(name: str, start: str) -> bool:
    return unicodedata.normalize("NFC", name).startswith(start)


def _common(names: list[str]) -> str:
    """The beginning that all names share."""
    shortest, longest = min(names), max(names)
    same = next((at for at, char in enumerate(shortest) if at >= len(longest) or longest[at] != char), len(shortest))
    return shortest[:same]


def _quoted(path: str, opened: str) -> str:
    """The path as a word. A quote that was open stays open after a folder or part of a name, which are typed on."""
    if opened in ("", "\\"):
        return shlex.quote(path)
    is_whole = (path_there := named(path)) is not None and path_there.is_file()
    if opened == '"':
        inside = "".join(f"\\{char}" if char in '"\\' else char for char in path)
    else:
        opened, inside = "'", path.replace("'", "'\"'\"'")
    return opened + inside + opened * is_whole

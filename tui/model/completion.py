"""Completion of a line that is being typed, up to where several words differ, and the words that it could become.

Three readings of a path are tried in order. First the text as typed: in `Bob's pack/do` the apostrophe is part of a
name. Then its last word, quoted or not, as a shell reads it. Then the text after each blank, for several unquoted names
in a line.
"""

import shlex
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.model.existing import at_home, named
from tui.model.quoting import BLANKS, read_words

MOST_LISTED = 200


@dataclass(frozen=True)
class Completion:
    """A completed line, and the words it could become, each with its meaning or ""."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()


Completer = Callable[[str], Completion]


def complete_word(typed: str, words: Sequence[tuple[str, str]], *, end: str = " ") -> Completion:
    """Complete the start of a word among `words`, each with its meaning. A single match is followed by `end`."""
    found = [(word, meaning) for word, meaning in words if word.startswith(typed)]
    if len(found) == 1:
        return Completion(found[0][0] + end)
    return Completion(_common([word for word, _ in found]) if found else typed, tuple(found))


def complete_path(text: str) -> Completion:
    """Complete the last path of a line, and list what its folder has when several names match."""
    names = names_for(text)[:MOST_LISTED]
    return Completion(complete(text), tuple((name, "") for name in names) if len(names) > 1 else ())


def names_for(text: str) -> list[str]:
    """List the names in a folder that begin as the last path of a line does, folders with a slash."""
    words = read_words(text)
    starts = [text, words[-1].value if words else "", text[max(text.rfind(blank) for blank in BLANKS) + 1 :]]
    for start in starts:
        folder_text, slash, name = start.rpartition("/")
        folder = (named(folder_text) or at_home(folder_text)) if folder_text else Path(slash or ".")
        try:
            entries = [entry for entry in folder.iterdir() if _begins(entry.name, unicodedata.normalize("NFC", name))]
            found = sorted(f"{entry.name}{'/' * entry.is_dir()}" for entry in entries)
        except (OSError, ValueError):
            continue
        if found:
            return [name for name in found if name[0] != "." or start.rpartition("/")[2][:1] == "."]
    return []


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

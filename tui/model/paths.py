"""Parsing of paths that users type, paste and drop.

If the text is exactly the name of an existing file, that file is meant, whatever quotes, spaces or percent signs the
name contains. Otherwise the text is parsed: shell quotes, backslashes, file:// addresses, several paths in a row. No
file is opened here; the code only checks which files exist.
"""

import platform
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from protocol.errors import AlleleError
from tui.model.existing import LINE_END, MOST_WORDS, as_typed, at_home, in_another_form, is_there, leading_names, named
from tui.model.quoting import BLANKS, Word, is_plain, quote_words, read_words, split_words

_ADDRESS = re.compile(r"file:(?://(?P<host>[^/]*))?(?P<path>/.*)\Z", re.DOTALL | re.IGNORECASE)
_FILE_AND_WORD = re.compile(r"(?P<file>.*\.[A-Za-z0-9]{2,5})[ \t]+(?P<rest>[^\s.]+)\Z", re.DOTALL)


def read_paths(text: str) -> list[Path]:
    """Return every path in a typed or pasted text, absolute and with `~` expanded.

    Raises:
        AlleleError: E_BAD_REQUEST for an open quote or a file:// address of another machine.
    """
    whole = as_typed(text)
    if whole is not None:
        return [whole.absolute()]
    lines = [line for line in LINE_END.split(text) if line.strip(BLANKS)]
    found = [_existing(line) for line in lines]
    if None in found and len(lines) > 1 and (across := _all_there(split_words(text))) is not None:
        return across  # a quoted name may contain a line break
    return [path for line, known in zip(lines, found, strict=True) for path in known or _missing(line)]


def read_path(text: str) -> Path:
    """Return the single path in a text, which may contain spaces. It need not exist; then apostrophes are part of it.

    Raises:
        AlleleError: E_BAD_REQUEST when the text has no path, or several quoted ones.
    """
    whole, words = as_typed(text), read_words(text)
    if whole is not None:
        return whole.absolute()
    if not words or (len(words) > 1 and all(word.tidy and text[word.start] in "'\"" for word in words)):
        raise AlleleError("E_BAD_REQUEST", f"{len(words)} file names", hint='give one, quoted: "my sound.wav"')
    return _one_of(text, words)


def read_path_and_rest(text: str) -> tuple[Path, str]:
    """Return the path that a text begins with (the longest that exists) and the remaining text."""
    for name, rest in leading_names(text, lambda name: named(name) is not None):
        return (named(name) or Path(name)).absolute(), rest
    stripped = text.strip(BLANKS)
    first = read_words(stripped)[:1]
    if first and first[0].tidy and not is_plain(stripped[: first[0].end]):
        return _one(first[0].value), stripped[first[0].end :].strip(BLANKS)
    if match := _FILE_AND_WORD.match(stripped):
        return read_path(match["file"]), match["rest"]
    return read_path(text), ""


def line_of(paths: Sequence[Path]) -> str:
    """Return a line that `read_paths` parses into these paths. A single path is not quoted."""
    return str(paths[0]) if len(paths) == 1 else quote_words(str(path) for path in paths)


def _existing(line: str) -> list[Path] | None:
    """Return the paths that a line names, or None unless all of it names existing files."""
    whole = as_typed(line)
    if whole is not None:
        return [whole.absolute()]
    return _all_there(split_words(line)) or _run_of_names(line)


def _all_there(words: list[str] | None) -> list[Path] | None:
    """Return the words as paths if there are any and all exist, else None."""
    paths = [_there(word) for word in words or []]
    found = [path for path in paths if path is not None]
    return found if found and len(found) == len(paths) else None


def _run_of_names(line: str) -> list[Path] | None:
    """Split a line into unquoted names that may contain spaces and quotes: each is the longest that exists."""
    if len(line.split()) > MOST_WORDS:
        return None
    found: list[Path] = []
    rest = line.strip(BLANKS)
    while rest:
        step = next(leading_names(rest, lambda name: _there(name) is not None), None)
        path = None if step is None else _there(step[0])
        if step is None or path is None:
            return None
        found.append(path)
        rest = step[1]
    return found


def _missing(line: str) -> list[Path]:
    """Return the paths of a line of which some do not exist."""
    words = read_words(line)
    if words[-1].open and line[words[0].start] in "'\"":
        raise AlleleError("E_BAD_REQUEST", f"a quote is not closed in: {line.strip(BLANKS)}", hint="close it")
    begins_several = any(_begins_a_path(word.value) for word in words[1:])
    if len(words) > 1 and all(word.tidy for word in words):
        paths = [_one(word.value) for word in words]
        if not is_plain(line) or begins_several or any(map(is_there, paths)):
            return paths
    return [_one_of(line, words)]  # one missing path with spaces is likelier than several missing ones


def _one_of(text: str, words: list[Word]) -> Path:
    """Return the path of a missing file: without quotes if the text is quoted as tools do, else the whole text."""
    stripped = text[words[0].start : words[-1].end]
    plain = _new(_one(stripped))
    if len(words) != 1 or words[0].open or words[0].value == stripped:
        return plain
    unquoted = _new(_one(words[0].value))
    names_a_folder = is_there(unquoted) or (is_there(unquoted.parent) and not is_there(plain.parent))
    return unquoted if words[0].tidy or names_a_folder else plain


def _new(path: Path) -> Path:
    """Return the path of a new file, with its folder in the normal form of Unicode that it has on disk."""
    if is_there(path.parent) or str(path).isascii():
        return path
    folder = in_another_form(path.parent)
    return path if folder is None else folder / path.name


def _begins_a_path(word: str) -> bool:
    return word.startswith(("/", "~", "./", "../", "file://"))


def _there(word: str) -> Path | None:
    """Return the existing absolute path of a word (a name or a file:// address), or None."""
    path = named(word)
    if path is None and _ADDRESS.match(word):
        path = _one(word)
    return path.absolute() if path is not None and is_there(path) else None


def _one(word: str) -> Path:
    """Return a word as an absolute path: file:// addresses are decoded and `~` is expanded."""
    match = _ADDRESS.match(word)
    if match is None:
        return at_home(word).absolute()
    host = match["host"] or ""
    if host.lower() not in ("", "localhost", platform.node().lower()):
        raise AlleleError("E_BAD_REQUEST", f"{word} is on the machine {host}", hint="copy it here first, with scp")
    decoded = Path(unquote(match["path"]))
    return decoded if is_there(decoded) else named(match["path"]) or in_another_form(decoded) or decoded

"""Paths as people type, paste and drop them.

A dropped file arrives as text: shell-quoted, with backslashes, as a file:// address, several in a row, with a
trailing space. `read_paths` turns all of these into absolute paths; it opens no file.
"""

import shlex
from pathlib import Path
from urllib.parse import unquote, urlparse

from protocol.errors import AlleleError


def read_paths(text: str) -> list[Path]:
    """Every path in a typed or pasted text, absolute, `~` expanded.

    Raises:
        AlleleError: E_BAD_REQUEST for an open quote or a file:// address of another machine.
    """
    found: list[Path] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped:
            continue
        whole = _home(stripped)
        if _is_plain(stripped) and is_there(whole):
            found.append(whole.absolute())  # an unquoted path with spaces, as it stands
            continue
        try:
            words = shlex.split(stripped)
        except ValueError:
            raise AlleleError("E_BAD_REQUEST", f"a quote is open in: {stripped}", hint="close it") from None
        paths = [_one(word) for word in words]
        if _is_plain(stripped) and not any(map(is_there, paths)) and not any(map(_begins_a_path, words[1:])):
            paths = [whole.absolute()]  # one path with spaces that is not there rather than several that are not
        found += paths
    return found


def read_path(text: str) -> Path:
    """The one path that a text is, spaces and all.

    Raises:
        AlleleError: E_BAD_REQUEST when it is none, or several quoted ones.
    """
    stripped = text.strip()
    paths = [_one(stripped)] if stripped and _is_plain(stripped) else read_paths(text)
    if len(paths) != 1:
        raise AlleleError("E_BAD_REQUEST", f"{len(paths)} file names", hint='give one, quoted: "my sound.wav"')
    return paths[0]


def _is_plain(text: str) -> bool:
    """Neither quoted nor escaped."""
    return not any(character in text for character in "\\'\"")


def _begins_a_path(word: str) -> bool:
    return word.startswith(("/", "~", "./", "../", "file://"))


def _one(word: str) -> Path:
    if word.startswith("file://"):
        address = urlparse(word)
        if address.netloc not in ("", "localhost"):
            raise AlleleError(
                "E_BAD_REQUEST", f"{word} is on the machine {address.netloc}", hint="copy it here first, with scp"
            )
        return Path(unquote(address.path))
    return _home(word).absolute()


def _home(word: str) -> Path:
    try:
        return Path(word).expanduser()
    except RuntimeError:  # ~somebody who is not known here
        return Path(word)


def is_there(path: Path) -> bool:
    """Does it exist? A name that no file can have does not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long; with a zero in it
        return False


def complete(text: str) -> str:
    """The text with its last word completed from the disk, as far as it is the only way; the same when it is not."""
    head, quoted, word = _last_word(text)
    typed = _home(word)
    folder, start = (typed, "") if word.endswith("/") else (typed.parent, typed.name)
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(start))
    except OSError:
        return text
    if not names:
        return text
    common = names[0][
        : next((i for i, chars in enumerate(zip(*names, strict=False)) if len(set(chars)) > 1), min(map(len, names)))
    ]
    found = folder / common
    ending = "/" if len(names) == 1 and found.is_dir() else ""
    return head + (str(found) if quoted else shlex.quote(str(found))) + ending


def _last_word(text: str) -> tuple[str, bool, str]:
    """What stands before the last word, whether a quote is open in front of it, and the word unquoted."""
    for at in range(len(text) + 1):
        rest = text[at:]
        if at and text[at - 1] not in " '\"":
            continue
        if rest.startswith((" ", "'", '"')):
            continue
        try:
            words = shlex.split(rest)
        except ValueError:
            continue
        if len(words) <= 1 and not rest.endswith(" "):
            return text[:at], at > 0 and text[at - 1] in "'\"", words[0] if words else ""
    return text, False, ""

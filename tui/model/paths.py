"""Paths as people type, paste and drop them.

A dropped file arrives as text: shell-quoted, with backslashes, as a file:// address, several in a row, with a
trailing space. `read_paths` turns all of these into absolute paths; it touches no file.
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
        whole = Path(stripped).expanduser()
        if whole.is_absolute() and "\\" not in stripped and stripped[0] not in "'\"" and whole.exists():
            found.append(whole)  # an unquoted path with spaces, as it stands
            continue
        try:
            words = shlex.split(stripped)
        except ValueError:
            raise AlleleError("E_BAD_REQUEST", f"a quote is open in: {stripped}", hint="close it") from None
        found += [_one(word) for word in words]
    return found


def _one(word: str) -> Path:
    if word.startswith("file://"):
        address = urlparse(word)
        if address.netloc not in ("", "localhost"):
            raise AlleleError(
                "E_BAD_REQUEST", f"{word} is on the machine {address.netloc}", hint="copy it here first, with scp"
            )
        return Path(unquote(address.path))
    return Path(word).expanduser().absolute()


def shorten(path: str, width: int) -> str:
    """A path cut from the left to `width` columns, so that the file's name stays."""
    return path if len(path) <= width else "..." + path[len(path) - max(1, width - 3) :]

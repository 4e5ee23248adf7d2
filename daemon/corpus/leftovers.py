"""Count the files and folders that ingest skipped, by kind, so that every file of a folder is accounted for.

Data flow: `discovery` counts while it walks → a `Leftovers` → one line for the user, plain data for `--json`.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.corpus.ffmpeg import EXTENSIONS, INSTALL, is_there

HIDDEN, APPLE_DOUBLE, NO_SUFFIX = "hidden", "AppleDouble (._)", "without a suffix"
KINDS_NAMED = 8
FOLDERS_NAMED = 3
FOLDERS_KEPT = 100  # limit of a job's result in the catalogue
LONGEST_SUFFIX = 12


@dataclass(frozen=True, kw_only=True)
class LinkedFolder:
    """A link to a folder, which is not followed. `is_loop`: it leads to a folder that contains it."""

    path: Path
    target: Path
    is_loop: bool


@dataclass(kw_only=True)
class Leftovers:
    """Skipped files by kind, and folders that were not entered.

    A kind is a lower-case suffix, or `HIDDEN`, `APPLE_DOUBLE` or `NO_SUFFIX`.
    """

    kinds: Counter[str] = field(default_factory=Counter[str])
    linked_folders: list[LinkedFolder] = field(default_factory=list[LinkedFolder])
    hidden_folders: list[Path] = field(default_factory=list[Path])

    def count(self, name: str) -> None:
        """Count a skipped file by its name."""
        self.kinds[_kind(name)] += 1

    @property
    def line(self) -> str:
        """Everything that was skipped in one line; "" if nothing was."""
        parts = [f"{count} {kind}" for kind, count in self.kinds.most_common(KINDS_NAMED)]
        more = len(self.kinds) - KINDS_NAMED
        if more > 0:
            rest = self.kinds.total() - sum(count for _, count in self.kinds.most_common(KINDS_NAMED))
            parts.append(f"{rest} of {more} other {'kind' if more == 1 else 'kinds'}")
        parts += _folders("hidden", [_shown(folder.name) for folder in self.hidden_folders])
        parts += _folders("linked", [_link(folder) for folder in self.linked_folders])
        if not parts:
            return ""
        needs = sorted(EXTENSIONS & self.kinds.keys()) if not is_there() else []
        advice = f"; for {' '.join(needs)}: {INSTALL}" if needs else ""
        return f"not read: {', '.join(parts)}{advice}"

    def facts(self) -> dict[str, Any]:
        """Everything that was skipped, as plain data for JSON."""
        return {
            "kinds": dict(self.kinds.most_common()),
            "linked_folders": [
                {"path": _shown(folder.path), "target": _shown(folder.target), "is_loop": folder.is_loop}
                for folder in self.linked_folders[:FOLDERS_KEPT]
            ],
            "hidden_folders": [_shown(folder) for folder in self.hidden_folders[:FOLDERS_KEPT]],
            "line": self.line,
        }


def _kind(name: str) -> str:
    if name.startswith("._"):
        return APPLE_DOUBLE
    if name.startswith("."):
        return HIDDEN
    suffix = _shown(Path(name).suffix.lower())
    is_word = suffix.isprintable() and " " not in suffix and len(suffix) <= LONGEST_SUFFIX
    return suffix if is_word and len(suffix) > 1 else NO_SUFFIX


def _folders(what: str, named: list[str]) -> list[str]:
    if not named:
        return []
    more = len(named) - FOLDERS_NAMED
    names = ", ".join(named[:FOLDERS_NAMED]) + (f" and {more} more" if more > 0 else "")
    return [f"{len(named)} {what} {'folder' if len(named) == 1 else 'folders'} ({names})"]


def _link(folder: LinkedFolder) -> str:
    loop = ", a loop" if folder.is_loop else ""
    return f"{_shown(folder.path.name)} -> {_shown(folder.target)}{loop}"


def _shown(path: Path | str) -> str:
    """A printable UTF-8 form of a name of any bytes."""
    text = str(path).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)

"""The first word of a command line: a command, something to open in the editor, or a mistake.

The parser uses this, so nothing that loads slowly is imported. tui.cli.opening reads what is to be opened.
"""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from tui.cli.commands import COMMANDS
from tui.model.existing import as_typed

FIRST_WORDS = tuple(dict.fromkeys(command.words[0] for command in COMMANDS))
WITH_VALUE = ("--home", "--connect")
LONGEST_SUFFIX = len(".flac12")


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options with their values, and the other words."""
    options, words = list[str](), list[str]()
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words += rest
        elif argument.startswith("-") and argument != "-":
            options.append(argument)
            if argument in WITH_VALUE:
                options += [value for value in (next(rest, None),) if value is not None]
        else:
            words.append(argument)
    return options, words


def is_file(word: str) -> bool:
    """Return whether a word can only be meant as a file: one is there, or the word has a folder or a suffix."""
    suffix = Path(word).suffix
    return as_typed(word) is not None or "/" in word or (2 < len(suffix) <= LONGEST_SUFFIX and suffix[1:].isalnum())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean WORD?` with the known word that is nearest to a mistyped one, or ""."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def mistyped(word: str) -> str:
    """Return a sentence about a word that is no command and nothing to open, with the nearest command."""
    return f"{word[:60]!r} is no command, file or open strand{nearest(word, FIRST_WORDS)}"

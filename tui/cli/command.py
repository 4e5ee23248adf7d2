"""The `Command` class: a command's words, its arguments for argparse, its JSON keys, and its handler."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One positional argument or option, in the form of argparse's add_argument."""

    flags: tuple[str, ...]
    settings: dict[str, Any]
    alternative: str = ""
    """Arguments of a command with the same `alternative` exclude each other."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of `allele`. `words` invoke it; `keys` are the keys of its JSON object with their meaning."""

    words: tuple[str, ...]
    summary: str
    handler: str
    keys: dict[str, str]
    arguments: tuple[Argument, ...] = ()
    details: str = ""
    default: bool = field(default=False)
    """Whether the group runs this command when no second word is given."""


def argument(*flags: str, alternative: str = "", **settings: Any) -> Argument:
    """Return an argument of a command."""
    return Argument(flags, settings, alternative)

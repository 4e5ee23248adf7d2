"""What a command is: its words, its arguments as argparse takes them, its JSON keys, and who carries it out."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One positional argument or option, as argparse's add_argument takes it."""

    flags: tuple[str, ...]
    settings: dict[str, Any]
    alternative: str = ""
    """Arguments of a command with the same `alternative` exclude one another."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """`words` call it; `keys` are those of its JSON object, with their meaning."""

    words: tuple[str, ...]
    summary: str
    handler: str
    keys: dict[str, str]
    arguments: tuple[Argument, ...] = ()
    details: str = ""
    default: bool = field(default=False)
    """What the group does without a second word."""


def argument(*flags: str, alternative: str = "", **settings: Any) -> Argument:
    """An argument of a command."""
    return Argument(flags, settings, alternative)

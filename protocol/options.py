"""Options as rows of a table: what each accepts, how its text is read, and its help.

It imports only the standard library, because the command line reads it to build its parser.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

LONGEST_BUDGET_S = 30 * 86_400.0
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Duration:
    """An option that is a time in seconds, written with its unit."""

    accepted: str = "90s, 10m, 2h"

    def allows(self, value: Any) -> bool:
        """Whether the value is within bounds."""
        return isinstance(value, int | float) and 0 < value <= LONGEST_BUDGET_S

    def read(self, text: str) -> float:
        """Read text as a value of this kind.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh])", text)
        seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
        if not self.allows(seconds):
            raise ValueError(f"{text[:40]!r} is not a time like 90s, 10m or 2h (at most 30 days)")
        return seconds


@dataclass(frozen=True)
class Whole:
    """An option that is a whole number within bounds."""

    lowest: int
    highest: int

    @property
    def accepted(self) -> str:
        """The bounds, in words for help and errors."""
        return f"{self.lowest} to {self.highest}"

    def allows(self, value: Any) -> bool:
        """Whether the value is within bounds."""
        return isinstance(value, int) and self.lowest <= value <= self.highest

    def read(self, text: str) -> int:
        """Read text, in ASCII digits, as a value of this kind.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        if not re.fullmatch(r"-?[0-9]{1,12}", text) or not self.allows(int(text)):
            raise ValueError(f"{text[:40]!r} is not a whole number from {self.accepted}")
        return int(text)


@dataclass(frozen=True)
class Choice:
    """An option that is one of a few words, each with its value. `unlisted` words are accepted but not shown."""

    words: dict[str, Any]
    unlisted: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def accepted(self) -> str:
        """The accepted words, separated by commas."""
        return ", ".join(self.words)

    def allows(self, value: Any) -> bool:
        """Whether the value is that of one of the words."""
        return value in (self.words | self.unlisted).values()

    def read(self, text: str) -> Any:
        """Return the value of a word.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        known = self.words | self.unlisted
        if text not in known:
            raise ValueError(f"{text[:40]!r} is not one of {self.accepted}")
        return known[text]


@dataclass(frozen=True)
class Called:
    """An option that is the name of a model or corpus. Whether there is one is for the daemon to find out."""

    accepted: str = "a name"

    def allows(self, value: Any) -> bool:
        """Whether the value can be a name."""
        return isinstance(value, str) and re.fullmatch(r"\w[\w .+-]{0,63}", value) is not None

    def read(self, text: str) -> str:
        """Read text as a name.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        if not self.allows(text):
            raise ValueError(f"{text[:40]!r} cannot be a name: letters, digits, space and . + - _, at most 64")
        return text


class Kind(Protocol):
    """What an option accepts, and how its text is read."""

    @property
    def accepted(self) -> str:
        """What is accepted, in words for help and errors."""
        ...

    def allows(self, value: Any) -> bool:
        """Whether the value is one of those."""
        ...

    def read(self, text: str) -> Any:
        """Read text as a value, or raise ValueError with a sentence that says what is accepted."""
        ...


SWITCH = Choice({"no": False, "yes": True})


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a table: its names, what it accepts, and what it does."""

    flag: str
    """The option's name on the command line."""
    label: str
    """The option's name in a form, shown before what is accepted."""
    help: str
    """The help in --help and docs/cli.md. `{accepted}` is replaced by what the kind accepts."""
    kind: Kind
    metavar: str = ""
    alternative: str = ""
    """Options with the same `alternative` exclude one another."""
    name: str = ""
    """The name of its field in the table's class."""
    default: Any = None

    @property
    def is_switch(self) -> bool:
        """Whether the command line accepts the flag without a value."""
        return self.kind is SWITCH

    @property
    def help_text(self) -> str:
        """The help text, with `{accepted}` replaced by what the kind accepts."""
        return self.help.format(accepted=self.kind.accepted)


class OptionError(ValueError):
    """An option is out of bounds, or two exclude each other. The hint says what is accepted."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} ({hint})")
        self.message, self.hint = message, hint


def option_field(default: Any, option: Option) -> Any:
    """Return the field of an options class with its default and its description."""
    return field(default=default, metadata={"option": option})

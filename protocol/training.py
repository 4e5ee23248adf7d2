"""The options of a training: one table that defines the message, the command line, the form and the documents.

It imports only the standard library, because the command line reads it to build its parser.
"""

import re
from dataclasses import dataclass, field, fields, replace
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
    """One option of a training: its names, what it accepts, and what it does."""

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
    """The name of its field in `TrainingOptions`."""
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
    """An option of a training is out of bounds, or two exclude each other. The hint says what is accepted."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} ({hint})")
        self.message, self.hint = message, hint


def option_field(default: Any, option: Option) -> Any:
    """Return the field of an options class with its default and its description."""
    return field(default=default, metadata={"option": option})


PRESETS = ("auto", "tiny", "small", "base")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The options of a training. For null, the daemon chooses a value that suits the corpus.

    At most one of `budget_s` and `steps` is given. Without both, the budget is ten minutes.
    """

    budget_s: float | None = option_field(
        None,
        Option(
            flag="--budget",
            label="budget",
            metavar="90s|10m|2h",
            kind=Duration(),
            help="wall clock of training with its evaluations (10m; ended early when the held-out error stays)",
            alternative="length",
        ),
    )
    steps: int | None = option_field(
        None,
        Option(
            flag="--steps",
            label="or steps",
            metavar="N",
            kind=Whole(1, 10_000_000),
            help="train N steps instead",
            alternative="length",
        ),
    )
    preset: str = option_field(
        "auto",
        Option(
            flag="--preset",
            label="size",
            metavar="|".join(PRESETS),
            kind=Choice({name: name for name in PRESETS}, unlisted={"toy": "toy"}),
            help="size of the codec (auto: small, and base on a GPU with more than five minutes of audio and of "
            "time; toy is for trying things out, in seconds)",
        ),
    )
    levels: int | None = option_field(
        None,
        Option(
            flag="--levels",
            label="levels",
            metavar="Q",
            kind=Whole(1, 32),
            help="levels of the code grid, {accepted} (10, in stereo 13)",
        ),
    )
    codebook: int | None = option_field(
        None,
        Option(
            flag="--codebook",
            label="codes to a level",
            metavar="K",
            kind=Whole(2, 65_536),
            help="codes to a level, {accepted} (by the amount of audio)",
        ),
    )
    channels: int | None = option_field(
        None,
        Option(
            flag="--channels",
            label="channels",
            metavar="auto|1|2",
            kind=Choice({"auto": None, "mono": 1, "stereo": 2}, unlisted={"1": 1, "2": 2}),
            help="1 or mono, 2 or stereo (auto: stereo when most of the corpus's sound is)",
        ),
    )
    adversarial: bool = option_field(
        False,
        Option(
            flag="--adversarial",
            label="adversary at the end",
            kind=SWITCH,
            help="let the decoder learn against an adversary at the end; codes stay (for long trainings on a GPU)",
        ),
    )
    no_prior: bool = option_field(
        False,
        Option(
            flag="--no-prior",
            label="without a prior",
            kind=SWITCH,
            help="train no prior after the codec; generating then quotes the recordings only (--resume adds one)",
            alternative="prior",
        ),
    )
    prior_budget_s: float | None = option_field(
        None,
        Option(
            flag="--prior-budget",
            label="budget of the prior",
            metavar="60s|5m",
            kind=Duration(),
            help="wall clock of the prior's training (as long as the codec's, at most 10m; ended early when its error "
            "stays; size toy has a prior only with this)",
            alternative="prior",
        ),
    )
    seed: int = option_field(
        0,
        Option(
            flag="--seed",
            label="seed",
            metavar="N",
            kind=Whole(0, 2**32 - 1),
            help="start of every random choice (0)",
        ),
    )

    def check(self) -> None:
        """Check that all values are within bounds and that none exclude each other.

        Raises:
            OptionError: it names the option and what it accepts.
        """
        given: dict[str, Option] = {}
        for option in OPTIONS:
            value = getattr(self, option.name)
            if value == option.default:
                continue
            if not option.kind.allows(value):
                raise OptionError(f"{option.name} cannot be {value!r}", f"choose {option.kind.accepted}")
            other = given.setdefault(option.alternative or option.name, option)
            if other is not option:
                raise OptionError(f"{other.name} and {option.name} exclude one another", "give one of them")


OPTIONS: tuple[Option, ...] = tuple(
    replace(known.metadata["option"], name=known.name, default=known.default) for known in fields(TrainingOptions)
)
"""All options of a training, in the order of forms and documents."""

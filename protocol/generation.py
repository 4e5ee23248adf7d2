"""The options of generating new sound: one table that defines the message, the command line and the documents.

It imports only the standard library, because the command line reads it to build its parser.
"""

import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any

from protocol.engines import ENGINES
from protocol.options import SWITCH, Called, Choice, Option, OptionError, Whole, option_field

LONGEST_S = 1800.0
MOST_OUTPUTS = 10_000
RANKS = ("brightness", "warmth", "roughness", "tension", "attack", "space")
"""Knobs that say how the sound should rank among the recordings, from -1 to 1."""
ONCE = ("seed", "count")
"""Options of a single generation, which presets leave out."""


@dataclass(frozen=True)
class Real:
    """An option that is a number within bounds."""

    lowest: float
    highest: float

    @property
    def accepted(self) -> str:
        """The bounds, in words for help and errors."""
        return f"{self.lowest:g} to {self.highest:g}"

    def allows(self, value: Any) -> bool:
        """Whether the value is within bounds. NaN is not."""
        return isinstance(value, int | float) and math.isfinite(value) and self.lowest <= value <= self.highest

    def read(self, text: str) -> float:
        """Read text as a value of this kind.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        number = re.fullmatch(r"[+-]?([0-9]{1,9}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})", text)
        if number is None or not self.allows(float(text)):
            raise ValueError(f"{text[:40]!r} is not a number from {self.accepted}")
        return float(text)


SHARE, SIGNED = Real(0.0, 1.0), Real(-1.0, 1.0)


def _share(flag: str, words: str) -> Any:
    return option_field(
        None, Option(flag=f"--{flag}", label=flag, metavar="0..1", kind=SHARE, help=f"{words}, {{accepted}}")
    )


def _rank(flag: str, words: str) -> Any:
    return option_field(
        None, Option(flag=f"--{flag}", label=flag, metavar="-1..1", kind=SIGNED, help=f"{words}, {{accepted}}")
    )


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """The options of generating. For null, the daemon chooses a value that suits the model."""

    seconds: float = option_field(
        8.0,
        Option(
            flag="--seconds",
            label="seconds",
            metavar="S",
            kind=Real(0.05, LONGEST_S),
            help="length of each sound, exact to the sample (8); half an hour at most",
        ),
    )
    count: int = option_field(
        1,
        Option(flag="--count", label="how many", metavar="N", kind=Whole(1, MOST_OUTPUTS), help="number of sounds (1)"),
    )
    seed: int | None = option_field(
        None,
        Option(
            flag="--seed",
            label="seed",
            metavar="N",
            kind=Whole(0, 2**32 - 1),
            help="of the first sound, the next ones follow; the same seed gives the same sound (drawn and printed)",
        ),
    )
    engine: str = option_field(
        "auto",
        Option(
            flag="--engine",
            label="engine",
            metavar="|".join(ENGINES),
            kind=Choice({name: name for name in ENGINES}),
            help="neural re-imagines, events places hits on a grid of time, collage quotes the recordings (auto: "
            "events where the recordings have onsets, else collage; neural for --continue, --infill and --vary)",
        ),
    )
    creativity: float | None = _share("creativity", "how far from the likely (temperature; newness of other engines)")
    focus: float | None = _share("focus", "how strongly fine levels keep to real frames (neural)")
    diversity: float | None = _share("diversity", "how little a sound repeats itself (weight of its own past; neural)")
    density: float | None = _share("density", "onsets a second, from the sparsest to the densest (events)")
    repeat: float | None = _share("repeat", "how much of a bar returns in the next (events, neural)")
    fullness: float | None = _share("fullness", "from dry hits with rests to hits that ring into one another (events)")
    tempo: float | None = option_field(
        None,
        Option(
            flag="--tempo",
            label="tempo",
            metavar="BPM",
            kind=Real(30.0, 300.0),
            help="beats a minute, {accepted} (events: that of the recordings; neural: repeats every bar)",
        ),
    )
    brightness: float | None = _rank("brightness", "dark to bright, ranked among the recordings")
    warmth: float | None = _rank("warmth", "thin to warm; the reverse of bright on most material")
    roughness: float | None = _rank("roughness", "smooth to rough")
    tension: float | None = _rank("tension", "calm to tense: rough, noisy and bright together")
    attack: float | None = _rank("attack", "soft to sharp beginnings")
    space: float | None = _rank("space", "dense to open: fewer beginnings, longer decays")
    loop: bool = option_field(
        False, Option(flag="--loop", label="loop", kind=SWITCH, help="let the end lead to the start")
    )
    other: str | None = option_field(
        None,
        Option(
            flag="--with",
            label="with",
            metavar="MODEL",
            kind=Called(),
            help="mix in what a second model knows; one with another codec takes part through its sound",
        ),
    )
    mix: float | None = option_field(
        None,
        Option(
            flag="--mix",
            label="mix",
            metavar="-1..1",
            kind=SIGNED,
            help="share of the model that --with names, 0 to 1 (0.5); below 0 the first model turns away from it "
            "(neural)",
        ),
    )

    @property
    def ranks(self) -> dict[str, float]:
        """The ranks that are wanted, by name."""
        given = {name: getattr(self, name) for name in RANKS}
        return {name: value for name, value in given.items() if value is not None}

    def check(self) -> None:
        """Check that all values are within bounds.

        Raises:
            OptionError: it names the option and what it accepts.
        """
        for option in OPTIONS:
            value = getattr(self, option.name)
            if value != option.default and not option.kind.allows(value):
                raise OptionError(f"{option.name} cannot be {value!r}", f"choose {option.kind.accepted}")


OPTIONS: tuple[Option, ...] = tuple(
    replace(known.metadata["option"], name=known.name, default=known.default) for known in fields(GenerationOptions)
)
"""All options of generating, in the order of forms and documents."""

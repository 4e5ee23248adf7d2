"""The controls of generating with a model: what the user set, and how keys step it.

They are the options of `protocol.generation`. An option that is not set is chosen by the daemon to suit the model; the
first step of one starts at its middle. Textual is not used here.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from protocol.engines import FOREIGN
from protocol.generation import ONCE, OPTIONS, RANKS, GenerationOptions, Real
from protocol.messages.generation import Mode
from protocol.messages.models import ModelInfo
from protocol.options import Called, Choice, Option, Whole

FIRST = ("engine", "seconds", "tempo", "density", "fullness", "repeat", "loop", "count", "seed")
"""Options that come first, in this order; the others follow as in the table."""
BY_NAME: dict[str, Option] = {option.name: option for option in OPTIONS}
NAMES: tuple[str, ...] = (*FIRST, *(name for name in BY_NAME if name not in FIRST))
UNUSED: dict[str, tuple[str, ...]] = {
    "continue": ("engine", "density", "fullness", "loop"),
    "vary": ("engine", "density", "fullness", "loop", "seconds", *RANKS),
}
"""Options that do not apply to what follows a sound, or is drawn again in it."""
BEATS_A_BAR = 4
USUAL_BPM = 120.0
_BARS = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*bars?\Z")
_GAUGE = 9


@dataclass
class Controls:
    """Values that the user set, by the name of their option, and whether the next sounds take the same seed again."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    is_locked: bool = False
    last_seed: int | None = None
    """The seed of the newest sounds, which a locked seed repeats."""

    @property
    def options(self) -> GenerationOptions:
        """The options to generate with."""
        seed = self.values.get("seed", self.last_seed if self.is_locked else None)
        return GenerationOptions(**{**self.values, "seed": seed})

    def applicable(self, mode: Mode) -> tuple[GenerationOptions, str]:
        """The options that apply to a mode, and words about those that were set and do not; "" if all do."""
        unused = [name for name in UNUSED.get(mode, ()) if name in self.values]
        options = replace(self.options, **{name: BY_NAME[name].default for name in unused})
        names = ", ".join(BY_NAME[name].label for name in unused)
        return options, f"; without {names}, which new sounds alone have" if names else ""

    def value(self, name: str) -> Any:
        """The value of an option: the one that was set, else its default."""
        return self.values.get(name, BY_NAME[name].default)

    def put(self, name: str, value: Any) -> None:
        """Set an option. The default is the same as not set."""
        self.values.pop(name, None)
        if value != BY_NAME[name].default:
            self.values[name] = value

    def step(self, name: str, by: int) -> None:
        """Step an option up or down. It stops at its bounds."""
        kind = BY_NAME[name].kind
        now = self.value(name)
        if isinstance(kind, Choice):
            values = list(kind.words.values())
            self.put(name, values[min(max(0, values.index(now) + by), len(values) - 1)])
        elif isinstance(kind, Whole):
            start = (self.last_seed or 0) if now is None else now
            self.put(name, min(max(kind.lowest, start + by), kind.highest))
        elif isinstance(kind, Real):
            self.put(name, _stepped(name, kind, now, by))

    def read(self, name: str, text: str) -> None:
        """Set an option from typed text; "" resets it. A length may be given in bars: `4 bars`.

        Raises:
            ValueError: a sentence that says what is accepted.
        """
        text = text.strip() if isinstance(BY_NAME[name].kind, Called) else text.strip().lower()
        bars = _BARS.fullmatch(text)
        if not text or text == "auto":
            self.values.pop(name, None)
            if name == "seed":
                self.is_locked = False
        elif name == "seconds" and bars is not None:
            seconds = float(bars[1]) * BEATS_A_BAR * 60.0 / (self.value("tempo") or USUAL_BPM)
            self.put(name, BY_NAME[name].kind.read(f"{seconds:.6f}"))
        else:
            is_name = isinstance(BY_NAME[name].kind, Called)
            plain = text if is_name else text.removesuffix("bpm").removesuffix("s").strip()
            self.put(name, BY_NAME[name].kind.read(plain))

    def take(self, options: GenerationOptions) -> None:
        """Take over the options of a preset. The seed and the count stay."""
        for name in NAMES:
            if name not in ONCE:
                self.put(name, getattr(options, name))


def _stepped(name: str, kind: Real, now: float | None, by: int) -> float:
    if name == "tempo":
        start, size = (USUAL_BPM if now is None else now), 1.0
    elif kind.highest <= 1.0:
        start, size = ((kind.lowest + kind.highest) / 2 if now is None else now), 0.1
    else:
        start = kind.lowest if now is None else now
        size = 1.0 if start + min(by, 0) >= 1.0 else 0.25
    return round(min(max(kind.lowest, start + by * size), kind.highest), 6)


def accepted_words(name: str) -> str:
    """What a control accepts, in words."""
    accepted = BY_NAME[name].kind.accepted
    return f"{accepted}, or in bars: 4 bars" if name == "seconds" else accepted


def value_words(name: str, controls: Controls) -> str:
    """The value of an option in at most 9 columns: `0.7`, `+0.3`, `4 s`, `auto`."""
    value = controls.value(name)
    if name == "seed":
        locked = controls.is_locked and "seed" not in controls.values
        return f"{controls.last_seed} =" if locked else "new" if value is None else str(value)
    if value is None:
        return "none" if isinstance(BY_NAME[name].kind, Called) else "auto"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "seconds":
        return f"{value:g} s"[:9]
    if name == "tempo":
        return f"{value:g} bpm"[:9]
    kind = BY_NAME[name].kind
    if isinstance(kind, Real):
        return f"{value:+.2f}" if kind.lowest < 0 else f"{value:.2f}"
    return str(value)[:9]


def gauge(name: str, controls: Controls) -> str:
    """A gauge of an option between bounds, in ASCII: `===------`, or `----|==--` about the middle; else ""."""
    kind, value = BY_NAME[name].kind, controls.value(name)
    if not isinstance(kind, Real) or kind.highest > 1.0:
        return ""
    middle = _GAUGE // 2 if kind.lowest < 0 else None
    cells = ["-"] * _GAUGE
    if middle is not None:
        cells[middle] = "|"
    if value is not None:
        share = (value - kind.lowest) / (kind.highest - kind.lowest)
        reached = round(share * (_GAUGE - 1)) if middle is not None else round(share * _GAUGE)
        first, past = (0, reached) if middle is None else sorted((middle, reached))
        for index in range(first, past if middle is None else past + 1):
            cells[index] = "=" if index != middle else "|"
    return "".join(cells)


def why_grey(name: str, controls: Controls, model: ModelInfo | None, used: str) -> str:
    """Why an option has no effect on this model; "" if it has.

    Args:
        used: the engine of the newest sounds, which stands for `auto`; "" if there are none.
    """
    engine = controls.value("engine")
    if name in FOREIGN.get(engine, ()):
        return f"the {engine} engine has no {BY_NAME[name].label}"
    facts = [fact for fact in (model.knobs if model is not None else []) if fact.name == name]
    if engine != "auto" or used:
        facts = [fact for fact in facts if fact.engine == (engine if engine != "auto" else used)]
    if facts and not any(fact.works for fact in facts):
        return str(facts[0].why)
    return ""

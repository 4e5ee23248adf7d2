"""The options of a training: one table that defines the message, the command line, the form and the documents.

It imports only the standard library, because the command line reads it to build its parser.
"""

from dataclasses import dataclass, fields, replace

from protocol.options import SWITCH, Called, Choice, Duration, Option, OptionError, Whole, option_field

PRESETS = ("auto", "tiny", "small", "base")
_OF_A_CODEC = ("preset", "levels", "codebook", "channels", "adversarial", "no_prior")
"""Options that a training with another model's codec cannot have."""


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
    codec_from: str | None = option_field(
        None,
        Option(
            flag="--codec-from",
            label="with the codec of",
            metavar="MODEL",
            kind=Called(),
            help="take another model's codec as it is and train a prior alone: strands of either open in both "
            "(--budget or --steps is then the prior's)",
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
        if self.codec_from is not None:
            self._check_adopting()

    def _check_adopting(self) -> None:
        """Check that no option asks for another codec, or for no prior, where one is to be trained for a given codec.

        Raises:
            OptionError: it names the option.
        """
        for option in OPTIONS:
            if option.name in _OF_A_CODEC and getattr(self, option.name) != option.default:
                raise OptionError(f"{option.flag} and --codec-from exclude one another", f"leave out {option.flag}")
        if self.prior_budget_s is not None and (self.budget_s is not None or self.steps is not None):
            raise OptionError("with --codec-from the prior is all that is trained", "leave out --budget and --steps")


OPTIONS: tuple[Option, ...] = tuple(
    replace(known.metadata["option"], name=known.name, default=known.default) for known in fields(TrainingOptions)
)
"""All options of a training, in the order of forms and documents."""

"""The command that makes new sounds, which is part of the table in tui.cli.commands."""

from protocol.generation import ONCE, OPTIONS
from tui.cli import values
from tui.cli.command import Command
from tui.cli.command import argument as _arg
from tui.cli.options import option_argument

GIVEN = tuple(option_argument(option, is_absent=True) for option in OPTIONS)
_PRESET = {"name": "its name", "options": "those that are not at their defaults", "saved": "when"}

GENERATION_COMMANDS: tuple[Command, ...] = (
    Command(
        words=("generate",),
        summary="make new sounds from a model's own material",
        handler="tui.cli.generate:generate",
        details="Each sound is a WAV and an .alle of the same name; manifest.json describes all of them. Ctrl-C keeps "
        "what was made, and the same command makes what is missing. --continue, --vary and --infill take an .alle of "
        "the model; --seconds is then the length of what comes after the strand, and the others keep its length.",
        arguments=(
            _arg("model", type=values.name, metavar="MODEL", help="the model"),
            *GIVEN,
            _arg(
                "--preset",
                type=values.name,
                metavar="NAME",
                help="options saved for this model; others given here override",
            ),
            _arg(
                "--continue",
                dest="continue_",
                type=values.path,
                metavar="STRAND.alle",
                help="make what comes after a strand",
                alternative="given",
            ),
            _arg(
                "--vary",
                type=values.path,
                metavar="STRAND.alle",
                help="draw part of a strand again",
                alternative="given",
            ),
            _arg(
                "--infill",
                type=values.path,
                metavar="STRAND.alle",
                help="fill --frames of a strand so that both sides fit",
                alternative="given",
            ),
            _arg("--amount", type=values.share, metavar="0..1", help="share of the strand that --vary draws (0.3)"),
            _arg(
                "--frames", type=values.span, metavar="F1:F2", help="what --infill fills: 40:80, 1.2s:3.4s or bar1:bar2"
            ),
            _arg("-o", "--out", type=values.path, required=True, metavar="DIR", help="the folder that receives them"),
            _arg("--format", choices=("wav",), default="wav", help="format of the sound files (wav)"),
            _arg("--force", action="store_true", help="make sounds again that are there, and replace them"),
        ),
        keys={
            "outputs": "each with audio, strand, seconds, samples, seed, engine, verbatim (share quoted unchanged), "
            "novelty, descriptors, notes, with (the second model, its share as mix, and whether it took part through "
            "codes or sound; null without one)",
            "notes": "notes for the user about all of them, such as that a knob has no effect on this model",
            "manifest": "the manifest of the folder",
        },
    ),
    Command(
        words=("preset", "list"),
        summary="list the presets of a model",
        handler="tui.cli.preset:list_",
        arguments=(_arg("model", type=values.name, metavar="MODEL", help="the model"),),
        keys={"presets": "each with name, options, saved", "damaged": "files that cannot be read"},
    ),
    Command(
        words=("preset", "save"),
        summary="save options of generating under a name",
        handler="tui.cli.preset:save",
        details="allele generate MODEL --preset NAME makes sounds with them. Seed and count are not part of it.",
        arguments=(
            _arg("model", type=values.name, metavar="MODEL", help="the model"),
            _arg("name", type=values.name, metavar="NAME", help="name of the preset"),
            *(argument for option, argument in zip(OPTIONS, GIVEN, strict=True) if option.name not in ONCE),
            _arg("--force", action="store_true", help="replace a preset of this name"),
        ),
        keys=_PRESET | {"model": "its model"},
    ),
    Command(
        words=("preset", "show"),
        summary="show the options of a preset",
        handler="tui.cli.preset:show",
        arguments=(
            _arg("model", type=values.name, metavar="MODEL", help="the model"),
            _arg("name", type=values.name, metavar="NAME", help="the preset"),
        ),
        keys=_PRESET | {"model": "its model"},
    ),
    Command(
        words=("preset", "delete"),
        summary="move a preset to the trash",
        handler="tui.cli.preset:delete",
        arguments=(
            _arg("model", type=values.name, metavar="MODEL", help="the model"),
            _arg("name", type=values.name, metavar="NAME", help="the preset"),
        ),
        keys={"deleted": "its name", "detail": "where it is now"},
    ),
)

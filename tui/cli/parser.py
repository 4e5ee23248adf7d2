"""The argument parser, made from the table in tui.cli.commands.

`--json`, `--home` and `--connect` are accepted before or after the subcommand: every parser has them, and only the
outermost one sets a default, so an inner parser does not overwrite a value of an outer one. A file whose name begins
with a dash would be read as an option, or as `-o` with a value. It is refused, with the name that works.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from tui.cli.command import Argument, Command
from tui.cli.commands import COMMANDS, GROUPS
from tui.cli.first_word import FIRST_WORDS, is_file, mistyped, nearest, split

PROGRAM = "allele"
ABOUT = """\
Train a codec on your own recordings, edit any sound's codes with keys, hear the result at 48 kHz.
Without a command: the editor, with the recordings, .alle files or strands that are named."""
FILE_NAME = re.compile(r"-.*(/|\.[A-Za-z0-9]{2,5}\Z)", re.DOTALL)
IsStrand = Callable[[argparse.Namespace, str], bool]
EXITS = "Exit status: 0 done, 1 failed (one line on stderr), 2 usage."


class UsageError(Exception):
    """The arguments do not match the usage."""

    def __init__(self, usage: str, message: str) -> None:
        super().__init__(message)
        self.usage = " ".join(usage.split())


class Parser(argparse.ArgumentParser):
    """An argparse parser that does not complete abbreviated options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self._negative_number_matcher = re.compile("-[0-9]")  # -5s is a wrong budget, not an unknown option

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Call a mistyped command that, instead of listing every command."""
        if isinstance(action.choices, dict) and value not in action.choices:  # the table of subcommands
            what = f"{self.prog} has no command {str(value)[:60]!r}{nearest(str(value), action.choices)}"
            raise argparse.ArgumentError(None, what)
        super()._check_value(action, value)

    def error(self, message: str) -> NoReturn:
        raise UsageError(self.format_usage(), message)


def shared_options(*, with_defaults: bool) -> list[Argument]:
    """Return the options of every command."""
    settings: dict[str, Any] = {} if with_defaults else {"default": argparse.SUPPRESS}
    return [
        Argument(("--json",), {"action": "store_true", "help": "print one JSON object and nothing else", **settings}),
        Argument(("--home",), {"metavar": "DIR", "help": "where everything is kept ($ALLELE_HOME)", **settings}),
        Argument(
            ("--connect",),
            {"metavar": "ENDPOINT", "help": "a running daemon's run folder or ipc://…/ctl.sock", **settings},
        ),
    ]


def build_parser() -> Parser:
    """Return the parser for the whole command line."""
    root = Parser(prog=PROGRAM, description=ABOUT, epilog=EXITS)
    root.add_argument("--version", action="store_true", help="print the version")
    _add(root, shared_options(with_defaults=True))
    root.set_defaults(command=None, opens=[])
    commands = root.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    groups: dict[str, Any] = {}
    for command in COMMANDS:
        first, *rest = command.words
        if rest and first not in groups:
            groups[first] = _add_group(commands, first)
        parent = groups[first] if rest else commands
        parser = parent.add_parser(command.words[-1], help=command.summary, description=_describe(command))
        _add(parser, [*command.arguments, *shared_options(with_defaults=False)])
        parser.set_defaults(command=command)
    return root


def parse(arguments: Sequence[str], is_strand: IsStrand = lambda _parsed, _word: False) -> argparse.Namespace:
    """Parse the arguments. Exits with 2 and two lines on stderr when they are invalid, and with 0 after --help.

    If the first word is no command, all words are things to open in the editor: `opens` of the result.

    Args:
        is_strand: whether a word that is no file is the name of an open strand; receives the options too.
    """
    parser = build_parser()
    dashed = dashed_names(arguments)
    try:
        if dashed and os.path.lexists(dashed[0]):
            parser.error(f"{dashed[0]} would be read as an option")
        options, words = split(arguments)
        if not words or words[0] in FIRST_WORDS:
            return _check(parser, parser.parse_args(list(arguments)))
        parsed, unknown = parser.parse_known_args(options)
        if not is_file(words[0]) and not is_strand(parsed, words[0]):
            parser.error(mistyped(words[0]))
        if unknown:
            parser.error(f"to open files there is no option {unknown[0]}")
        parsed.opens = words
        return _check(parser, parsed)
    except UsageError as wrong:
        from tui.cli.output import one_line

        hint = f" (a file of that name is given as ./{dashed[0]})" if dashed else ""
        parser.exit(2, f"{wrong.usage}\nerror: {one_line(f'{wrong}{hint}')}\n")


def dashed_names(arguments: Sequence[str]) -> list[str]:
    """Return arguments that begin with a dash but are not options: existing files, or texts that look like names."""
    options = {
        "-h",
        "--help",
        "--version",
        *(flag for option in shared_options(with_defaults=True) for flag in option.flags),
    }
    options |= {flag for command in COMMANDS for argument in command.arguments for flag in argument.flags}
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    names = [text for text in before if text[:1] == "-" and text[1:] and text.partition("=")[0] not in options]
    there = [text for text in names if os.path.lexists(text)]
    return there or [text for text in names if FILE_NAME.match(text) and not text.startswith("-o")]


def _check(parser: Parser, parsed: argparse.Namespace) -> argparse.Namespace:
    """Return the values if they are consistent, else report the usage error."""
    if parsed.home is not None and parsed.connect is not None:
        parser.error("--home starts or finds a daemon, --connect names one that runs: give one of them")
    if parsed.home == "" or parsed.connect == "":
        parser.error("--home and --connect need a folder")
    if getattr(parsed, "count", None) is not None and getattr(parsed, "out_dir", "") is None:
        parser.error("--count writes several files: name their folder with --out-dir")
    many = next((value for name in ("file", "strand") if isinstance(value := getattr(parsed, name, None), list)), [])
    if len(many) > 1 and parsed.out is not None:
        parser.error(f"-o names one file, and {len(many)} are given: use --out-dir")
    if parsed.json and str(getattr(parsed, "out", None)) == "-":
        parser.error("--json and -o - would both write to standard output: give one of them")
    if parsed.json and parsed.command is None and not parsed.version:
        parser.error("--json needs a command")
    return parsed


def _add_group(commands: Any, name: str) -> Any:
    parser = commands.add_parser(name, help=GROUPS[name], description=_sentence(GROUPS[name]))
    _add(parser, shared_options(with_defaults=False))
    default = next((command for command in COMMANDS if command.words[0] == name and command.default), None)
    if default is not None:
        parser.set_defaults(command=default)
    return parser.add_subparsers(metavar="COMMAND", title="commands", required=default is None, parser_class=Parser)


def _add(parser: argparse.ArgumentParser, arguments: Sequence[Argument]) -> None:
    alternatives: dict[str, Any] = {}
    for argument in arguments:
        target: Any = parser
        if argument.alternative:
            if argument.alternative not in alternatives:
                alternatives[argument.alternative] = parser.add_mutually_exclusive_group()
            target = alternatives[argument.alternative]
        target.add_argument(*argument.flags, **argument.settings)


def _describe(command: Command) -> str:
    return "\n".join(filter(None, (_sentence(command.summary), command.details)))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def print_version() -> None:
    """Print the version, as in `allele 0.1.0 (Python 3.11.7)`."""
    from importlib import metadata

    print(f"{PROGRAM} {metadata.version('allele')} (Python {sys.version.split()[0]})")

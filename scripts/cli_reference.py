"""Write docs/cli.md from the table of commands that the parser is made of; with --check only compare.

.venv/bin/python scripts/cli_reference.py [--check]
"""

import sys
from pathlib import Path

from tui.cli.command import Argument, Command
from tui.cli.commands import COMMANDS, GROUPS
from tui.cli.parser import ABOUT, PROGRAM, shared_options

DOCUMENT = Path(__file__).parents[1] / "docs" / "cli.md"

INTRODUCTION = f"""\
# The command line

{ABOUT}

`scripts/cli_reference.py` writes this page from the parser's own table, and a test compares the two. Commands, options,
exit status and JSON keys are a contract: scripts may rely on them.

- **Exit status**: 0 done; 1 failed, with one line on stderr: what happened, to which file, and what to do; 2 usage.
- **`--json`**: prints exactly one JSON object on stdout when the command is finished, and nothing else. Errors and
  notes are on stderr in either case. Numbers that are not finite are null. Later versions may add keys.
- **Long work** shows a progress bar on a terminal and is silent otherwise.
- Commands that need the daemon start it when none runs, except `daemon status`, `daemon stop`, `daemon logs`, `doctor`,
  and everything behind `--connect`.
- **Files** that exist are never overwritten without `--force`, except the strand that `edit`, `swap` and `blend` change
  in place. Even with `--force`, a recording is never overwritten by what was made of it, and a strand
  replaces no other kind of file.
- **Names** are taken as you type them. Write `./-kick.wav` for a file whose name begins with a dash. `~` means the home
  folder only if no file has that name. An operation names another strand by its plain name, with its spaces and quotes.
- **The home** is `--home`, or else `ALLELE_HOME`, or else the platform's data folder.

Every command takes, before or after its name:
"""


def main() -> int:
    """Write or compare; exit 1 when --check finds a difference."""
    text = reference()
    if "--check" in sys.argv:
        same = DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text
        if not same:
            print(f"{DOCUMENT.name} differs from the parser: run scripts/cli_reference.py", file=sys.stderr)
        return int(not same)
    DOCUMENT.write_text(text, encoding="utf-8")
    return 0


def reference() -> str:
    """The whole page in Markdown."""
    parts = [INTRODUCTION, options(shared_options(with_defaults=True))]
    told: set[str] = set()
    for command in COMMANDS:
        first = command.words[0]
        if first in GROUPS and first not in told:
            told.add(first)
            parts.append(f"\n## {PROGRAM} {first}\n\n{sentence(GROUPS[first])}\n")
        parts.append(section(command))
    return "\n".join(parts)


def section(command: Command) -> str:
    """One command: usage, what it does, its arguments, its JSON keys."""
    marks = "##" if len(command.words) == 1 else "###"
    lines = [f"\n{marks} {' '.join((PROGRAM, *command.words))}\n", f"    {usage(command)}\n", sentence(command.summary)]
    if command.details:
        lines += [command.details]
    if command.default:
        lines += [f"`{PROGRAM} {command.words[0]}` alone does the same."]
    if command.arguments:
        lines += ["", options(command.arguments)]
    lines += ["", "| JSON key | meaning |", "|---|---|"]
    lines += [f"| `{key}` | {meaning} |" for key, meaning in command.keys.items()]
    return "\n".join(lines)


def usage(command: Command) -> str:
    """The command as it is typed."""
    words = [PROGRAM, *command.words]
    alternatives: dict[str, list[str]] = {}
    for argument in command.arguments:
        if argument.alternative:
            alternatives.setdefault(argument.alternative, []).append(spelled(argument))
    for argument in command.arguments:
        if argument.alternative:
            choices = alternatives.pop(argument.alternative, [])
            words += [f"[{' | '.join(choices)}]"] if choices else []
        elif is_optional(argument):
            words.append(f"[{spelled(argument)}]")
        else:
            words.append(spelled(argument))
    return " ".join(words)


def spelled(argument: Argument) -> str:
    """An argument as it is typed."""
    name = argument.settings.get("metavar", "")
    if not argument.flags[0].startswith("-"):
        return f"{name}..." if argument.settings.get("nargs") == "+" else name
    return f"{argument.flags[0]} {name}".strip()


def is_optional(argument: Argument) -> bool:
    """Whether the command goes without it."""
    return argument.flags[0].startswith("-") and not argument.settings.get("required", False)


def options(arguments: "list[Argument] | tuple[Argument, ...]") -> str:
    """A table of arguments."""
    rows = ["| argument | meaning |", "|---|---|"]
    for argument in arguments:
        flags = argument.flags if argument.flags[0].startswith("-") else ("",)
        name = argument.settings.get("metavar", "").replace("|", r"\|")
        typed = ", ".join(f"`{flag} {name}`".replace(" `", "`").replace("` ", "`") for flag in flags)
        rows.append(f"| {typed} | {argument.settings['help']} |")
    return "\n".join(rows)


def sentence(text: str) -> str:
    """The text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


if __name__ == "__main__":
    sys.exit(main())

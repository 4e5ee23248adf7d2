"""Completion of the `:` line and of the prompts of operations: commands, operations, their arguments and names.

Everything is read from the tables: the names and meanings of `protocol.operations`, the commands of
`tui.model.commands`, and the actions of `tui.actions.registry`. Does no I/O, except for the paths of `:w` and `:open`.
"""

import re
import shlex
from dataclasses import dataclass

from protocol.atlas import DIRECTIONS
from protocol.operations import ONLY, OPS
from protocol.opspec import OpSpec
from tui.actions.registry import ACTIONS
from tui.model.commands import OWN, SHORT
from tui.model.completion import Completion, complete_path, complete_word

PATHS = ("w", "open")
_VALUES = re.compile(r"(\w+)=(\w+(?:\|\w+)+)")


@dataclass(frozen=True)
class Known:
    """The names that a line can contain: of open strands, and of the qualities that colour cells."""

    strands: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()


def complete_command(text: str, known: Known) -> Completion:
    """Complete a `:` line."""
    head, blank, rest = text.partition(" ")
    if not blank:
        return complete_word(text, _first_words(text))
    word = SHORT.get(head.rstrip("!"), head.rstrip("!"))
    if word in PATHS:
        done = complete_path(rest)
    elif word == "b":
        done = complete_word(rest, [(name, "") for name in known.strands], end="")
    elif word == "colour":
        done = complete_word(rest, [("auto", "the most reliable"), *((name, "") for name in known.qualities)], end="")
    elif head in OPS:
        done = complete_arguments(OPS[head], rest, known)
    else:
        return Completion(text)
    return Completion(f"{head} {done.text}", done.choices)


def complete_arguments(spec: OpSpec, text: str, known: Known, *, asks_strand: bool = True) -> Completion:
    """Complete the last word of an operation's arguments. `asks_strand` is False if the strand is known already."""
    before, _, typed = text.rpartition(" ")
    arguments = spec.arguments if asks_strand else spec.arguments[spec.takes_strand :]
    place = len([word for word in before.split() if "=" not in word and word[:1] not in "q@"])
    argument = arguments[place] if place < len(arguments) else ""
    words = _arguments(argument, known)
    key, equals, value = typed.partition("=")
    if equals:
        values = dict(_VALUES.findall(spec.prompt.wants if spec.prompt else "")).get(key, "").split("|")
        known_values = ONLY if key == "only" and key in spec.options else values
        done = complete_word(value, [(one, "") for one in known_values if one])
        done = Completion(f"{key}={done.text}", done.choices)
    elif not words:
        done = complete_word(typed, [(f"{name}=", meaning) for name, meaning in spec.options.items()], end="")
    else:
        done = complete_word(typed, words)
    return Completion(f"{before} {done.text}" if before else done.text, done.choices)


def _arguments(argument: str, known: Known) -> list[tuple[str, str]]:
    if argument == "OTHER":
        panes = [("A", "the strand in pane A"), ("B", "the strand in pane B")]
        return [*panes, *((shlex.quote(name), "") for name in known.strands)]
    return [(name, "") for name in DIRECTIONS] if argument == "DIRECTION" else []


def _first_words(typed: str) -> list[tuple[str, str]]:
    """Return the words that a line can begin with. Ids of actions are included once their dot was typed."""
    words = [*((name, spec.summary) for name, spec in OPS.items()), *OWN.items()]
    groups = dict.fromkeys(action.id.partition(".")[0] for action in ACTIONS)
    if "." in typed:
        return [(action.id, action.title) for action in ACTIONS]
    is_known = any(word.startswith(typed) for word, _ in words)
    return words if is_known or not typed else [(f"{group}.", "actions by their id") for group in groups]

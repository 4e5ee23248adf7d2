"""The command `allele keymap`: prints the editor's actions and their keys, as text or JSON."""

from argparse import Namespace

from tui.actions.registry import ACTIONS
from tui.cli.output import Output
from tui.cli.session import own_places
from tui.input.keyfile import read_keys


def keymap(arguments: Namespace, output: Output) -> int:
    """Print every action with its keys."""
    own = read_keys(own_places(arguments).home)
    for line in own.problems:
        output.note(line)
    chosen = own.keymap(arguments.name)
    rows = [
        {
            "id": action.id,
            "title": action.title,
            "group": action.group,
            "screens": list(action.screens),
            "keys": list(chosen.keys_for(action.id)),
            "help": chosen.fill(action.help),
        }
        for action in ACTIONS
    ]
    lines = [f"{chosen.words_for(a.id):<22} {a.id:<20} {a.title}" for a in ACTIONS]
    output.result({"keymap": chosen.name, "actions": rows}, lines)
    return 0

"""Options of a table of the protocol in argparse's form."""

import argparse
from typing import Any

from protocol.options import Option
from tui.cli import values
from tui.cli.command import Argument, argument


def option_argument(option: Option, *, is_absent: bool = False) -> Argument:
    """Return an option of a table in argparse's form. `is_absent`: one that is not given has no attribute."""
    absent: dict[str, Any] = {"default": argparse.SUPPRESS} if is_absent else {}
    if option.is_switch:
        return argument(
            option.flag,
            dest=option.name,
            action="store_true",
            help=option.help_text,
            alternative=option.alternative,
            **absent,
        )
    return argument(
        option.flag,
        dest=option.name,
        type=values.reading(option.kind),
        metavar=option.metavar,
        help=option.help_text,
        alternative=option.alternative,
        **({"default": option.default} | absent),
    )

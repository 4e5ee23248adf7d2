"""Options of a table of the protocol in argparse's form."""

from protocol.options import Option
from tui.cli import values
from tui.cli.command import Argument, argument


def option_argument(option: Option) -> Argument:
    """Return an option of a table in argparse's form."""
    if option.is_switch:
        return argument(
            option.flag,
            dest=option.name,
            action="store_true",
            help=option.help_text,
            alternative=option.alternative,
        )
    return argument(
        option.flag,
        dest=option.name,
        type=values.reading(option.kind),
        default=option.default,
        metavar=option.metavar,
        help=option.help_text,
        alternative=option.alternative,
    )

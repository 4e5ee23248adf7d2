"""What `allele edit --help` says of operations."""

from protocol.operations import OPS
from tui.cli.commands import COMMANDS


def test_the_help_of_edit_names_every_operation() -> None:
    (command,) = (command for command in COMMANDS if command.words == ("edit",))
    named = command.details.split("Operations: ")[1].split(";")[0].split()
    assert named == list(OPS)

"""Parsing of typed operations in which the name of another strand may contain spaces and quotes.

The grammar of protocol.edits splits words as a shell does. The name of an existing strand may be typed without
quotes, as in `mosaic Bob's take.alle q0-1`.
"""

from collections.abc import Callable

from protocol.edits import Edit, parse_edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.tempo import Tempo
from protocol.units import FRAMES_PER_S
from tui.model.existing import leading_names
from tui.model.quoting import quote_words, split_words


def read_op(
    text: str, is_known: Callable[[str], bool], frame_rate: float = FRAMES_PER_S, tempo: Tempo | None = None
) -> Edit:
    """Parse an operation on a strand of a frame rate and tempo. `is_known` returns whether a strand with a name exists.

    Raises:
        AlleleError: E_BAD_EDIT naming the part that is invalid; E_NOT_FOUND for an unknown strand in an unclosed quote.
    """
    op, _, rest = text.strip(" \t").partition(" ")
    if op not in OPS or not OPS[op].takes_strand:
        return parse_edit(text, frame_rate, tempo)
    problem: AlleleError | None = None
    for name, after in leading_names(rest, is_known):
        try:
            return parse_edit(f"{op} {quote_words([name])} {after}", frame_rate, tempo)
        except AlleleError as error:
            problem = problem or error
    if split_words(rest) is None and problem is None:
        raise AlleleError(
            "E_NOT_FOUND", f"{rest.strip()}: there is no such strand", hint="check the name and its quotes"
        )
    try:
        return parse_edit(text, frame_rate, tempo)
    except AlleleError as error:
        raise problem or error from None

"""Names: the rule for those of corpora and models (as protocol.messages.Name, without msgspec), and free ones."""

import re

NAME_RULE = "letters, digits, space and . _ + - (not first), at most 64"
_NAME = re.compile(r"\w[\w .+-]{0,63}\Z")


def is_name(text: str) -> bool:
    """Return whether a text is a valid name for a corpus or model, and so for a folder."""
    return _NAME.match(text) is not None


def free_name(wanted: str, taken: set[str]) -> str:
    """Return a name that is not taken: the wanted one, or that one with a number."""
    return next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 10_000))) if name not in taken)

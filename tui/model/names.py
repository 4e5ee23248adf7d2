"""What corpora and models may be called: protocol.messages.Name as a person reads it, and without msgspec. Pure."""

import re

NAME_RULE = "letters, digits, space and . _ + - (not first), at most 64"
_NAME = re.compile(r"\w[\w .+-]{0,63}\Z")


def is_name(text: str) -> bool:
    """Whether a corpus or model, and so a folder, can be called this."""
    return _NAME.match(text) is not None

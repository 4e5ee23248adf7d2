"""The rule for names of corpora and models: that of protocol.messages.Name, but without importing msgspec."""

import re

NAME_RULE = "letters, digits, space and . _ + - (not first), at most 64"
_NAME = re.compile(r"\w[\w .+-]{0,63}\Z")


def is_name(text: str) -> bool:
    """Return whether a text is a valid name for a corpus or model, and so for a folder."""
    return _NAME.match(text) is not None

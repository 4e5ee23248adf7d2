"""Limits the history of a strand that is sent with it in a message."""

from collections.abc import Sequence

MOST_TEXTS = 1000
MOST_BYTES = 256 * 1024  # of the 1 MiB that a message's body may have


def newest(texts: Sequence[str]) -> list[str]:
    """The newest edits of a strand as text, oldest first, as many as fit into a message."""
    kept: list[str] = []
    size = 0
    for text in reversed(texts[-MOST_TEXTS:]):
        size += len(text.encode()) + 8
        if size > MOST_BYTES:
            break
        kept.append(text)
    return kept[::-1]

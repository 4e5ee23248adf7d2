"""The wire's version. It is counted apart from the package's, see docs/protocol.md.

A side that speaks versions [a, b] and one that speaks [c, d] talk in min(b, d) if that is ≥ max(a, c).
A new field with a default, a new event and a new feature name do not raise the version: unknown ones are
ignored. A changed meaning or a removed field does.
"""

PROTOCOL_MIN = 2
PROTOCOL_MAX = 2

FEATURES: tuple[str, ...] = ("edits", "playback", "training")


def negotiate(theirs: tuple[int, int]) -> int | None:
    """The highest version both sides speak, or None when the ranges do not meet."""
    low, high = theirs
    version = min(PROTOCOL_MAX, high)
    return version if version >= max(PROTOCOL_MIN, low) else None

"""The version of the protocol. It is independent of the package's version; see docs/protocol.md.

Two sides that support versions [a, b] and [c, d] use min(b, d) if that is ≥ max(a, c). A new field with a default, a
new event and a new feature name do not raise the version, because unknown ones are ignored. A changed meaning or a
removed field does.
"""

PROTOCOL_MIN = 3
PROTOCOL_MAX = 3

FEATURES: tuple[str, ...] = ("edits", "playback", "training")


def negotiate(theirs: tuple[int, int]) -> int | None:
    """The highest version that both sides support, or None if there is none."""
    low, high = theirs
    version = min(PROTOCOL_MAX, high)
    return version if version >= max(PROTOCOL_MIN, low) else None

"""The verdict on the novelty of a sound, and that on each of its windows."""

from typing import Literal

import msgspec

Verdict = Literal["copy", "close", "new", "silent"]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A window of the sound, and what it resembles."""

    at_s: float
    """Where it begins in the sound."""
    seconds: float
    verdict: Verdict
    nearest: str
    """The nearest recording's path; empty for silence."""
    nearest_at_s: float
    distance_db: float


class Novelty(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a sound is a copy of a model's recordings, close to one, or new."""

    verdict: Verdict
    nearest: str
    """The recording that it resembles most; empty for silence."""
    at_s: float
    """Second of that recording."""
    overlap: float
    """Share of the sound that reads copy, 0 to 1."""
    resembling: float
    """Share of the sound that reads copy or close, 0 to 1."""
    distance_db: float
    """The median of all windows."""
    percentile: float
    """Where that distance lies among sounds that are no copies, 0 to 100."""
    seconds: float
    moments: list[Moment] = []
    notes: list[str] = []

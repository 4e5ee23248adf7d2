"""Errors of loading and using a prior."""

from daemon.errors import ReportedError


class PriorError(ReportedError):
    """A prior cannot be read, or is not of this codec."""

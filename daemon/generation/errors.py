"""The error of making new sound."""

from daemon.errors import ReportedError


class GenerationError(ReportedError):
    """New sound cannot be made: the material or the prior is missing, or the request cannot be met."""

"""The error of judging novelty."""

from daemon.errors import ReportedError


class NoveltyError(ReportedError):
    """The novelty of a sound cannot be judged: the model has no index, or the sound is too short."""

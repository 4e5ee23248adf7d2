"""What can end a training before its time."""

from daemon.dsp.errors import MendableError


class TrainingError(MendableError):
    """The corpus, the run folder, the disk or the numbers do not allow the training to go on."""

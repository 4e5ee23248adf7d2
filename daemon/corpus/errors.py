"""What can go wrong with a corpus as a whole; one bad file is a record in the report instead."""

from daemon.errors import MendableError


class CorpusError(MendableError):
    """The corpus cannot be read or written."""

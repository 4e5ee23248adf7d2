"""Error of a whole corpus. A single bad file is a record in the report instead."""

from daemon.errors import MendableError


class CorpusError(MendableError):
    """A corpus cannot be read or written."""

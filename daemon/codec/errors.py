"""What can go wrong with a codec and what is asked of it."""

from daemon.errors import ReportedError


class CodecError(ReportedError):
    """A codec folder cannot be read, or codes or audio do not fit this codec."""

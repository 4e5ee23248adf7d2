"""Errors of loading and using a codec."""

from daemon.errors import ReportedError


class CodecError(ReportedError):
    """A codec folder cannot be read, or codes or audio do not fit this codec."""

"""Errors of loading and using a codec."""

from daemon.errors import MendableError


class CodecError(MendableError):
    """A codec folder cannot be read, or codes or audio do not fit this codec."""

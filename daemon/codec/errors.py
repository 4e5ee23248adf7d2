"""What can go wrong with a codec and what is asked of it."""

from daemon.errors import MendableError


class CodecError(MendableError):
    """A codec folder cannot be read, or codes or audio do not fit this codec."""

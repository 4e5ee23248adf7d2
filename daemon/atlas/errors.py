"""Error of reading an atlas."""

from daemon.errors import MendableError


class AtlasError(MendableError):
    """A model has no atlas, or its atlas cannot be read or belongs to another codec."""

"""What can go wrong with an atlas."""

from daemon.errors import MendableError


class AtlasError(MendableError):
    """A model has no atlas, or one that cannot be read or is another codec's."""

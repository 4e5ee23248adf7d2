"""What can go wrong with an atlas."""

from typing import ClassVar

from daemon.errors import ReportedError


class AtlasError(ReportedError):
    """A model has no atlas, or one that cannot be read or is another codec's."""

    code: ClassVar[str] = "E_NO_ATLAS"

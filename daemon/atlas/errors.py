"""Error of reading an atlas."""

from typing import ClassVar

from daemon.errors import ReportedError


class AtlasError(ReportedError):
    """A model has no atlas, or its atlas cannot be read or belongs to another codec."""

    code: ClassVar[str] = "E_NO_ATLAS"

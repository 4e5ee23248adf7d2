"""What can go wrong with a corpus as a whole; one bad file is a record in the report instead."""

from typing import ClassVar

from daemon.errors import ReportedError


class CorpusError(ReportedError):
    """The corpus cannot be read or written."""

    code: ClassVar[str] = "E_IO"

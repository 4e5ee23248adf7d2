"""Error of a whole corpus. A single bad file is a record in the report instead."""

from typing import ClassVar

from daemon.errors import ReportedError


class CorpusError(ReportedError):
    """A corpus cannot be read or written."""

    code: ClassVar[str] = "E_IO"

"""How a worker process reports an exception to the broker."""

import msgspec


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An exception of a worker as it crosses the pipe."""

    code: str
    message: str
    hint: str = ""
    can_resume: bool = True
    """Whether the job may succeed when it is resumed or repeated."""

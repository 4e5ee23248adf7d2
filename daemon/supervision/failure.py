"""The message in which a worker process reports an exception to the broker."""

import msgspec


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An exception of a worker, in the form in which it is sent to the broker."""

    code: str
    message: str
    hint: str = ""
    can_resume: bool = True
    """Whether the job may succeed when it is resumed or repeated."""

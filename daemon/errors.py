"""The base class of all errors that are reported to the user, with what went wrong and a hint.

Some errors of the operating system (too many open files, no permission, no memory, a failing disk) are not caused by
the file. `passing_hint` returns the hint for them, so that no hint recommends removing an intact file.
"""

import errno
from typing import ClassVar


class ReportedError(Exception):
    """A failure with a message (what is wrong) and a hint (what to do about it), one sentence each.

    Subclasses set `code`, which is the error code that clients receive.
    """

    code: ClassVar[str] = "E_BAD_REQUEST"

    def __init__(self, message: str, hint: str = "", *, can_resume: bool = True) -> None:
        """Create the error.

        Args:
            can_resume: whether a job that failed with this error may succeed when it is resumed or repeated.
        """
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.can_resume = can_resume


class AudioBackendError(ReportedError):
    """torchaudio cannot be imported on this machine."""


_PASSING = {
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE),
        "Allow more open files (ulimit -n 4096, then: allele daemon restart) and try again.",
    ),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "Check its permissions and try again."),
    **dict.fromkeys((errno.ENOMEM, errno.EAGAIN), "Close other programs and try again."),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Free some space and try again."),
}


def passing_hint(problem: BaseException, otherwise: str = "") -> str:
    """The hint for an error of the operating system, or `otherwise` if there is none for the error's number."""
    number = getattr(problem, "errno", None)
    return _PASSING.get(number, otherwise) if isinstance(number, int) else otherwise

"""The root of every error that is reported to a person: what went wrong and what to do about it.

What the operating system refuses for now (too many open files, no permission, no memory, a failing disk) says nothing
about the file itself: `passing_hint` gives the hint for it, so that nobody is advised to remove an intact file.
"""

import errno
from typing import ClassVar


class ReportedError(Exception):
    """A failure with a message (what is wrong) and a hint (what to do about it), one plain sentence each.

    Subclasses set `code`, the error code that clients receive.
    """

    code: ClassVar[str] = "E_BAD_REQUEST"

    def __init__(self, message: str, hint: str = "", *, can_resume: bool = True) -> None:
        """Create the error.

        Args:
            can_resume: whether the job that failed with this error may succeed when it is resumed or repeated.
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
    """The hint for an error of the operating system, or `otherwise` where the error's number has no hint of its own."""
    number = getattr(problem, "errno", None)
    return _PASSING.get(number, otherwise) if isinstance(number, int) else otherwise
